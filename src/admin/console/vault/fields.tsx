import type { Field } from "../../api/shapes/kind.ts";
import type { ApiError } from "../api-error.ts";
import { Button } from "../ui/button.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { SelectField } from "../ui/select-field.tsx";
import { TextField } from "../ui/text-field.tsx";
import { sentence } from "../ui/words.ts";
import { FileField } from "./file-field.tsx";
import type { Form } from "./form.ts";
import type { GivenFile } from "./given.ts";

/** The fields that a kind declares. */
export function Fields({ fields, form }: { readonly fields: readonly Field[]; readonly form: Form }) {
  const inSight = form.inSight(fields);
  return (
    <>
      {inSight.map((field) => (
        <OneField
          key={field.name}
          field={field}
          value={form.given[field.name] ?? ""}
          onChange={(value) => form.change(field.name, value)}
          error={faultOf(form.error, field.name)}
        />
      ))}
      {fields
        .filter((field) => field.multiline && !inSight.includes(field))
        .map(({ name, label }) => (
          <div key={name}>
            <Button small icon="plus" onClick={() => form.ask(name)}>
              {label} in a file of its own
            </Button>
          </div>
        ))}
    </>
  );
}

/** What an error says of this field, if it is about it: what is wrong, and the way out. */
export const faultOf = (error: ApiError | undefined, param: string): string | undefined =>
  error?.param === param ? `${sentence(error.message)} ${sentence(error.hint)}` : undefined;

function OneField({
  field: { label, help, secret, required, multiline, options },
  value,
  onChange,
  error,
}: {
  readonly field: Field;
  readonly value: string | GivenFile;
  readonly onChange: (value: string | GivenFile) => void;
  readonly error: string | undefined;
}) {
  const common = { label, required, help: sentence(help), error };
  if (multiline) return <FileField {...common} value={value} onChange={onChange} />;
  const text = typeof value === "string" ? value : "";
  const [first, ...others] = options;
  if (first === undefined) return <TextField {...common} secret={secret} value={text} onInput={onChange} />;
  if (others.length === 0)
    return (
      <CheckField
        label={label}
        help={sentence(help)}
        checked={text === first}
        onChange={(checked) => onChange(checked ? first : "")}
      />
    );
  return (
    <SelectField
      {...common}
      value={text === "" ? first : text}
      onChange={onChange}
      options={options.map((option) => ({ value: option, label: option }))}
    />
  );
}
