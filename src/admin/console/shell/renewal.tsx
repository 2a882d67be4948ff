import { forget, refusal, session } from "../session.ts";
import { Button } from "../ui/button.tsx";
import { Code } from "../ui/code.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/failure.tsx";
import { TextField } from "../ui/text-field.tsx";
import { useLink } from "./link-field.tsx";

/** Over whatever is open when the session ends: what was typed there stays, and what was asked for goes on. */
export const Renewal = () => (session.value === "ended" ? <OpenRenewal /> : null);

function OpenRenewal() {
  const link = useLink();
  return (
    <Dialog
      open
      title="Your session has ended"
      onSubmit={link.open}
      footer={
        <>
          <Button onClick={forget}>Leave</Button>
          <Button type="submit" kind="primary" busy={link.busy}>
            Go on
          </Button>
        </>
      }
    >
      <p>
        Nothing that you typed is lost. Run this on the machine of the gateway, and paste the link here, or
        open it in another tab:
      </p>
      <Code text="postern console" label="Copy the command" />
      <TextField label="Link" value={link.text} onInput={link.setText} mono required autoFocus />
      <Failure error={refusal.value} />
    </Dialog>
  );
}
