import type { ComponentChildren } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/failure.tsx";
import { errorElsewhere, type Form } from "./form.ts";

export interface FormDialogProps {
  readonly title: string;
  /** The word on the button that does it. */
  readonly action: string;
  readonly form: Form;
  /** The fields in sight, by name: what is said of them stands beside them, and all else at the end. */
  readonly beside: readonly string[];
  readonly isIdle?: boolean;
  readonly onClose: () => void;
  readonly work: () => Promise<void>;
  readonly children: ComponentChildren;
}

/** A dialog with fields, and a button that sends them. */
export function FormDialog({
  title,
  action,
  form,
  beside,
  isIdle = false,
  onClose,
  work,
  children,
}: FormDialogProps) {
  const { error } = form;
  // Whoever works by keyboard, or on a small screen, is taken to what is to be mended.
  useLayoutEffect(() => {
    if (error !== undefined) document.querySelector<HTMLElement>("dialog [aria-invalid]")?.focus();
  }, [error]);
  return (
    <Dialog
      open
      title={title}
      onClose={onClose}
      // Enter in a field goes past a button that is busy.
      onSubmit={() => {
        if (!form.busy && !isIdle) form.submit(work);
      }}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={form.busy} disabled={isIdle}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      <Failure error={errorElsewhere(form.error, beside)} />
    </Dialog>
  );
}
