import { useId } from "preact/hooks";
import { describedBy, Field, type FieldProps } from "./field.tsx";

export interface SelectFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly {
    readonly value: string;
    readonly label: string;
    readonly disabled?: boolean;
  }[];
  readonly disabled?: boolean;
}

export function SelectField({ value, onChange, options, disabled, ...field }: SelectFieldProps) {
  const id = useId();
  return (
    <Field id={id} {...field}>
      <select
        id={id}
        value={value}
        disabled={disabled}
        required={field.required}
        aria-invalid={field.error !== undefined && field.error !== "" ? true : undefined}
        aria-describedby={describedBy(id, field)}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map(({ value, label, disabled }) => (
          <option key={value} value={value} disabled={disabled}>
            {label}
          </option>
        ))}
      </select>
    </Field>
  );
}
