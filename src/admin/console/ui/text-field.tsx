import type { InputHTMLAttributes } from "preact";
import { useId, useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { describedBy, Field, type FieldProps } from "./field.tsx";

export interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onInput: (text: string) => void;
  /** Hidden until the eye is pressed. */
  readonly secret?: boolean;
  readonly multiline?: boolean;
  /** How many lines a multiline field shows; 5 without it. */
  readonly rows?: number;
  readonly mono?: boolean;
  readonly placeholder?: string;
  readonly disabled?: boolean;
  readonly autoFocus?: boolean;
  readonly type?: "text" | "number" | "url" | "search";
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  /** The id of a `<datalist>` of suggestions. */
  readonly list?: string;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly onBlur?: () => void;
}

export function TextField({
  value,
  onInput,
  secret = false,
  multiline = false,
  rows = 5,
  mono = secret,
  placeholder,
  disabled,
  autoFocus,
  type = "text",
  min,
  max,
  step,
  list,
  onKeyDown,
  onBlur,
  ...field
}: TextFieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  // A secret is hidden by its style and not by the type "password": browsers offer to keep passwords, and what is
  // typed here belongs into the vault alone. No spell checker sees it either: some of them ask a server.
  const classes = [mono && "mono", secret && !shown && "hidden-text"].filter(Boolean).join(" ");
  const common = {
    id,
    value,
    placeholder,
    disabled,
    autoFocus,
    required: field.required,
    class: classes,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: !(secret || mono),
    "aria-invalid": field.error !== undefined && field.error !== "" ? true : undefined,
    "aria-describedby": describedBy(id, field),
    onKeyDown,
    onBlur,
  } satisfies InputHTMLAttributes;
  return (
    <Field id={id} {...field}>
      <div class="field-box">
        {multiline ? (
          <textarea {...common} rows={rows} onInput={(event) => onInput(event.currentTarget.value)} />
        ) : (
          <input
            {...common}
            type={type}
            min={min}
            max={max}
            step={step}
            list={list}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
        )}
        {secret && (
          <Button
            class="field-eye"
            icon={shown ? "eye-off" : "eye"}
            label={shown ? `Hide ${field.label}` : `Show ${field.label}`}
            onClick={() => setShown(!shown)}
          />
        )}
      </div>
    </Field>
  );
}
