import { useState } from "preact/hooks";
import { asApiError } from "../api-error.ts";
import { send } from "../client.ts";
import { Button } from "../ui/button.tsx";
import { notify } from "../ui/notify.tsx";
import { sentence } from "../ui/words.ts";

/** Ends a request that is in flight. It asks nothing: its client can send it again. */
export function StopButton({ id }: { readonly id: string }) {
  const [busy, setBusy] = useState(false);
  const stop = async (row: Element | null): Promise<void> => {
    setBusy(true);
    try {
      await send("POST", `/live/requests/${encodeURIComponent(id)}/stop`);
      // This button goes with the request: whoever works by keyboard goes on from its row.
      row?.querySelector<HTMLElement>(".row-open")?.focus();
      notify({ tone: "good", text: "The request was stopped.", hint: "Its client sees a broken answer." });
    } catch (error) {
      const { message, hint } = asApiError(error);
      notify({ tone: "warn", text: sentence(message), hint: sentence(hint) });
      setBusy(false);
    }
  };
  return (
    <Button
      small
      icon="stop"
      busy={busy}
      onClick={(event) => {
        // The row around it opens at a click.
        event.stopPropagation();
        const byKeyboard = event.detail === 0;
        void stop(byKeyboard ? (event.currentTarget as Element).closest("tr") : null);
      }}
    >
      Stop
    </Button>
  );
}
