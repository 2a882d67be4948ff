import type { ComponentChildren } from "preact";
import "./field.css";

export interface FieldProps {
  readonly label: string;
  readonly required?: boolean;
  /** One line that says what is wanted. */
  readonly help?: ComponentChildren;
  /** What is wrong with what stands there. */
  readonly error?: string | undefined;
}

/** The ids of a field's help and error, for its `aria-describedby`. */
export const describedBy = (id: string, { help, error }: FieldProps): string | undefined =>
  [error !== undefined && error !== "" && `${id}-error`, help !== undefined && `${id}-help`]
    .filter(Boolean)
    .join(" ") || undefined;

/** A label, what is filled in, and what is said of it. */
export const Field = ({
  id,
  label,
  required = false,
  help,
  error = "",
  children,
}: FieldProps & { readonly id: string; readonly children: ComponentChildren }) => (
  <div class="field">
    <label for={id}>
      {label}
      {required && (
        <span class="field-star" aria-hidden="true">
          *
        </span>
      )}
    </label>
    {children}
    {error !== "" && (
      <p class="field-error" id={`${id}-error`} role="alert">
        {error}
      </p>
    )}
    {help !== undefined && (
      <p class="field-help" id={`${id}-help`}>
        {help}
      </p>
    )}
  </div>
);
