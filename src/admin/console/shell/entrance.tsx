import { useEffect } from "preact/hooks";
import { refusal } from "../session.ts";
import { Button } from "../ui/button.tsx";
import { Code } from "../ui/code.tsx";
import { Failure } from "../ui/failure.tsx";
import { TextField } from "../ui/text-field.tsx";
import { useLink } from "./link-field.tsx";
import { Mark } from "./mark.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

/** What whoever comes without a session sees: how to get in. */
export function Entrance() {
  const link = useLink();
  useEffect(() => {
    document.title = "Postern";
    // Whoever has come in by keyboard goes on at the page.
    return () => requestAnimationFrame(() => document.querySelector<HTMLElement>("main h1")?.focus());
  }, []);
  return (
    <main class="entrance">
      <div class="entrance-head">
        <Mark />
        <ThemeSwitch />
      </div>
      <form
        class="card entrance-card"
        onSubmit={(event) => {
          event.preventDefault();
          link.open();
        }}
      >
        <h1>Open the console</h1>
        <Failure error={refusal.value} />
        <p>
          It opens by a link that works once, within two minutes. Run this on the machine of the gateway, and
          follow the link:
        </p>
        <Code text="postern console" label="Copy the command" />
        <TextField
          label="Or paste the link here"
          value={link.text}
          onInput={link.setText}
          placeholder="http://127.0.0.1:8081/#link=…"
          mono
          required
        />
        <div class="entrance-foot">
          <Button type="submit" kind="primary" busy={link.busy}>
            Open
          </Button>
        </div>
      </form>
      <p class="quiet">Postern keeps the credentials of your private endpoints in a vault on this machine.</p>
    </main>
  );
}
