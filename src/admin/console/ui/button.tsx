import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";
import "./button.css";

export interface ButtonProps {
  readonly kind?: "primary" | "plain" | "danger";
  /** It cannot be pressed, and says so, until what it began has ended. */
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly type?: "button" | "submit";
  readonly icon?: IconName;
  /** What it is called where it shows only its icon. */
  readonly label?: string;
  /** The same, as a title that the pointer shows. */
  readonly title?: string;
  readonly small?: boolean;
  /** The id of the form that it submits, where it stands outside of it. */
  readonly form?: string;
  readonly class?: string;
  readonly autoFocus?: boolean;
  readonly onClick?: (event: MouseEvent) => void;
  /** Attributes beyond those above, such as `aria-expanded`. */
  readonly more?: ButtonHTMLAttributes;
  readonly children?: ComponentChildren;
}

export function Button({
  kind = "plain",
  busy = false,
  disabled = false,
  type = "button",
  icon,
  label,
  title = label,
  small = false,
  form,
  class: extra = "",
  autoFocus,
  onClick,
  more,
  children,
}: ButtonProps) {
  const classes = ["button", kind, small && "small", children === undefined && "icon-only", extra];
  return (
    <button
      {...more}
      type={type}
      class={classes.filter(Boolean).join(" ")}
      // A busy button keeps its focus, so that whoever works by keyboard does not lose the place.
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      aria-label={children === undefined ? label : more?.["aria-label"]}
      title={title}
      disabled={disabled}
      form={form}
      autoFocus={autoFocus}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
}
