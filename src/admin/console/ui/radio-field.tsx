import { useId } from "preact/hooks";
import "./field.css";

export interface RadioFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: string; readonly help?: string }[];
  /** The label is read out, and not shown. */
  readonly quietLabel?: boolean;
}

/** One of a few, all of them in sight. */
export function RadioField({ label, value, onChange, options, quietLabel = false }: RadioFieldProps) {
  const name = useId();
  return (
    <fieldset class="field choices">
      <legend class={quietLabel ? "unseen" : undefined}>{label}</legend>
      {options.map((option) => (
        <label key={option.value} class="choice">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>
            {option.label}
            {option.help !== undefined && <small>{option.help}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
