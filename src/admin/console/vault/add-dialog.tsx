import { useState } from "preact/hooks";
import type { Item, NewItem } from "../../api/shapes/item.ts";
import type { Kind } from "../../api/shapes/kind.ts";
import { send } from "../client.ts";
import { RadioField } from "../ui/radio-field.tsx";
import { TextField } from "../ui/text-field.tsx";
import { faultOf, Fields } from "./fields.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { useForm } from "./form.ts";
import { chosen, filled, type Given, nameOfFile } from "./given.ts";

type How = NewItem["how"];

export interface AddDialogProps {
  readonly kind: Kind;
  /** What was dropped onto the page, by the kind's fields. */
  readonly dropped?: Given;
  readonly onClose: () => void;
  readonly onAdded: (item: Item, how: How) => void;
}

/** Adds an item: the platform's dialog for its kind. */
export function AddDialog({ kind, dropped, onClose, onAdded }: AddDialogProps) {
  const { title } = kind;
  const [how, setHow] = useState<How>(kind.generates && dropped === undefined ? "generate" : "existing");
  const [typed, setTyped] = useState<string>();
  const form = useForm(dropped);
  // Until somebody types another, it is called like its file.
  const name = typed ?? (how === "existing" ? nameIn(form.given) : "");
  const fields = fieldsFor(kind, how);
  const ways = waysOf(kind);
  return (
    <FormDialog
      title={`Add ${title} to Your Vault`}
      action="Add to Vault"
      form={form}
      beside={["name", ...form.inSight(fields).map(({ name }) => name)]}
      onClose={onClose}
      work={async () =>
        onAdded(await send<Item>("POST", "/items", asked(kind, how, name.trim(), form.given)), how)
      }
    >
      {ways.length > 1 && (
        <RadioField
          label={`How the ${title} comes about`}
          quietLabel
          value={how}
          options={ways}
          onChange={(value) => {
            setHow(ways.find((way) => way.value === value)?.value ?? how);
            form.forgive();
          }}
        />
      )}
      <TextField
        label={`${title} Name`}
        required
        autoFocus
        value={name}
        onInput={setTyped}
        help="Letters, digits, dots, dashes and underscores."
        error={faultOf(form.error, "name")}
      />
      {how === "generate" && fields.length > 0 ? (
        <details class="add-options" open={fields.some(({ name }) => name === form.error?.param)}>
          <summary>Options</summary>
          <div class="add-fields">
            <Fields fields={fields} form={form} />
          </div>
        </details>
      ) : (
        <Fields fields={fields} form={form} />
      )}
    </FormDialog>
  );
}

interface Way {
  readonly value: How;
  readonly label: string;
  readonly help?: string;
}

const waysOf = ({ title, generates, requests }: Kind): readonly Way[] => [
  ...(generates ? [{ value: "generate", label: `Generate new ${title}` } as const] : []),
  { value: "existing", label: `Use an existing ${title}` },
  ...(requests
    ? [
        {
          value: "request",
          label: `Request a ${title}`,
          help: "Makes a key that stays in the vault, and a request (CSR) for your CA to sign.",
        } as const,
      ]
    : []),
];

const fieldsFor = ({ fields, choices, request }: Kind, how: How) =>
  ({ generate: choices, existing: fields, request })[how];

function asked(kind: Kind, how: How, name: string, given: Given): NewItem {
  const fields = fieldsFor(kind, how);
  const head = { kind: kind.name, name };
  return how === "existing"
    ? { ...head, how, values: filled(fields, given) }
    : { ...head, how, choices: chosen(fields, given) };
}

function nameIn(given: Given): string {
  const file = Object.values(given).find((value) => typeof value !== "string");
  return file === undefined ? "" : nameOfFile(file.file);
}
