import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type ApiError, asApiError } from "../api-error.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Failure } from "./failure.tsx";

export interface ConfirmProps {
  readonly open: boolean;
  readonly title: string;
  /** What will be, and what cannot be undone. */
  readonly children?: ComponentChildren;
  /** The word on the button that does it: "Delete". */
  readonly action: string;
  /** `danger` where something is lost. */
  readonly kind?: "primary" | "danger";
  /** Does it; the dialog waits, shows what was said against it, and otherwise closes. */
  readonly onConfirm: () => void | Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something is done. */
export const Confirm = ({ open, ...props }: ConfirmProps) => (open ? <OpenConfirm {...props} /> : null);

function OpenConfirm({
  title,
  children,
  action,
  kind = "danger",
  onConfirm,
  onClose,
}: Omit<ConfirmProps, "open">) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setError(asApiError(error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      title={title}
      onClose={onClose}
      onSubmit={() => void confirm()}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={kind} busy={busy}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      <Failure error={error} />
    </Dialog>
  );
}
