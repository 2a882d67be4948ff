import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "./button.tsx";
import "./dialog.css";

export interface DialogProps {
  readonly open: boolean;
  readonly title: string;
  /** Asked for by Escape, by the cross, or by whatever the dialog holds; without it only its buttons lead on. */
  readonly onClose?: () => void;
  readonly children?: ComponentChildren;
  /** Its buttons, the one that goes on last. */
  readonly footer?: ComponentChildren;
  /** What Enter in a field, or a button of type "submit" in the footer, does. */
  readonly onSubmit?: () => void;
  readonly wide?: boolean;
}

/** A native modal dialog. What it holds lives only while it is open, so that each opening begins afresh. */
export const Dialog = ({ open, ...props }: DialogProps) => (open ? <OpenDialog {...props} /> : null);

function OpenDialog({ title, onClose, children, footer, onSubmit, wide = false }: Omit<DialogProps, "open">) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // Closed before it is taken away, the browser gives the focus back to where it was.
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={wide ? "dialog wide" : "dialog"}
      aria-labelledby={heading}
      closedby={onClose === undefined ? "none" : "closerequest"}
      onCancel={(event) => {
        // Whether it closes is its owner's to say; a file field inside has a "cancel" of its own.
        if (event.target !== element.current) return;
        event.preventDefault();
        onClose?.();
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <h2 id={heading}>{title}</h2>
        <div class="dialog-body">{children}</div>
        {footer !== undefined && <footer>{footer}</footer>}
        {/* Last, so that the first field has the focus when the dialog opens. */}
        {onClose !== undefined && (
          <Button class="dialog-close" icon="close" label="Close" onClick={onClose} />
        )}
      </form>
    </dialog>
  );
}
