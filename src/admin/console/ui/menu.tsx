import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "./button.tsx";
import type { IconName } from "./icon.tsx";
import "./menu.css";

export interface MenuItem {
  readonly label: string;
  readonly onSelect: () => void;
  /** Stands apart from the others, in red. */
  readonly danger?: boolean;
  readonly disabled?: boolean;
}

export interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly kind?: "primary" | "plain";
  /** Shown alone, with the label read out; without it the label and an arrow. */
  readonly icon?: IconName;
  readonly small?: boolean;
  /** The side of the button that the list lines up with, where the window has the room for it. */
  readonly align?: "start" | "end";
}

/** A button that opens a list of things to do: the menu button of the ARIA Authoring Practices. */
export function Menu({ label, items, kind = "plain", icon, small = false, align = "end" }: MenuProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    if (!open) return;
    if (list.current !== null) keepInWindow(list.current);
    focusOn(list.current, 0);
  }, [open]);

  const close = (): void => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const entries = entriesOf(list.current);
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const to = targetOf(event.key, at, entries);
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else if (to !== undefined) focusOn(list.current, to);
    // Escape here must not close a dialog around it as well.
    if (event.key === "Escape" || to !== undefined) event.preventDefault();
  };

  return (
    <div
      class="menu"
      ref={root}
      onFocusOut={(event) => {
        if (!root.current?.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <Button
        kind={kind}
        small={small}
        {...(icon !== undefined && { icon, label })}
        more={{ "aria-haspopup": "menu", "aria-expanded": open, "aria-controls": open ? id : undefined }}
        onClick={() => setOpen(!open)}
      >
        {icon === undefined ? <span class="menu-label">{label}</span> : undefined}
      </Button>
      {open && (
        <div
          id={id}
          class={`menu-list ${align}`}
          role="menu"
          aria-label={label}
          ref={list}
          onKeyDown={onKeyDown}
        >
          {items.map(({ label, onSelect, danger = false, disabled = false }) => (
            <button
              key={label}
              type="button"
              role="menuitem"
              class={danger ? "danger" : undefined}
              tabIndex={-1}
              disabled={disabled}
              onClick={() => {
                close();
                onSelect();
              }}
            >
              {label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Lines the list up with the other side of its button, or puts it above, where it would be cut off. */
function keepInWindow(list: HTMLElement): void {
  const { left, right, bottom, height } = list.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  if (left < 0) list.classList.replace("end", "start");
  else if (right > clientWidth) list.classList.replace("start", "end");
  if (bottom > clientHeight && bottom - height > height + 60) list.classList.add("above");
}

const entriesOf = (list: HTMLElement | null): readonly HTMLElement[] =>
  list === null ? [] : [...list.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)")];

const focusOn = (list: HTMLElement | null, at: number): void => entriesOf(list)[at]?.focus();

/** Which entry a key leads to: the next, the one before, the first, the last, or the next that begins so. */
function targetOf(key: string, at: number, entries: readonly HTMLElement[]): number | undefined {
  const count = entries.length;
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at - 1 + count) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (!/^[a-z0-9]$/i.test(key)) return undefined;
  const begins = (index: number): boolean =>
    entries[index]?.textContent?.toLowerCase().startsWith(key.toLowerCase()) ?? false;
  const order = entries.map((_, step) => (at + 1 + step) % count);
  return order.find(begins);
}
