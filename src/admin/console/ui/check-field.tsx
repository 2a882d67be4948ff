import type { ComponentChildren } from "preact";
import "./field.css";

export interface CheckFieldProps {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly help?: string;
  readonly disabled?: boolean;
}

export const CheckField = ({ label, checked, onChange, help, disabled }: CheckFieldProps) => (
  <label class="choice">
    <input
      type="checkbox"
      checked={checked}
      disabled={disabled}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
    <span>
      {label}
      {help !== undefined && <small>{help}</small>}
    </span>
  </label>
);
