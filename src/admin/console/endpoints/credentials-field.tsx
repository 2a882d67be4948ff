import { useId } from "preact/hooks";
import type { Endpoints } from "../../api/shapes/endpoint.ts";
import type { Item } from "../../api/shapes/item.ts";
import { CheckField } from "../ui/check-field.tsx";
import { sentence } from "../ui/words.ts";

const kindText = (kind: string): string => kind.replaceAll("-", " ");

/** The vault's items that an endpoint of this type can use, to be chosen. */
export function CredentialsField({
  type,
  items,
  chosen,
  error,
  onChange,
}: {
  readonly type: Endpoints["types"][number] | undefined;
  readonly items: readonly Item[];
  readonly chosen: readonly string[];
  readonly error: string | undefined;
  readonly onChange: (chosen: readonly string[]) => void;
}) {
  const id = useId();
  const fitting = items.filter(({ kind }) => type?.kinds.includes(kind));
  // What was chosen and does not fit, or is gone, can still be taken off.
  const others = chosen.filter((name) => !fitting.some((item) => item.name === name));
  const choose = (name: string, is: boolean): void =>
    onChange(is ? [...chosen, name] : chosen.filter((other) => other !== name));
  return (
    <fieldset
      class="field choices endpoint-credentials"
      aria-describedby={`${id}-said`}
      aria-invalid={error !== undefined}
    >
      <legend>
        Credentials
        <span class="field-star" aria-hidden="true">
          *
        </span>
      </legend>
      {fitting.map(({ name, kind, waits }) => (
        <CheckField
          key={name}
          label={name}
          help={waits ? `${kindText(kind)}, waits for its signature` : kindText(kind)}
          checked={chosen.includes(name)}
          onChange={(is) => choose(name, is)}
        />
      ))}
      {others.map((name) => (
        <CheckField
          key={name}
          label={name}
          help={kindText(items.find((item) => item.name === name)?.kind ?? "not in the vault")}
          checked
          onChange={(is) => choose(name, is)}
        />
      ))}
      <div id={`${id}-said`}>
        {error !== undefined && (
          <p class="field-error" role="alert">
            {error}
          </p>
        )}
        <p class="field-help">
          {sentence(type?.takes ?? "")}
          {fitting.length === 0 && (
            <>
              {" "}
              The vault has none yet: <a href="/vault">add one there</a> first.
            </>
          )}
        </p>
      </div>
    </fieldset>
  );
}
