import { useState } from "preact/hooks";
import type { MadeLocalKey } from "../../api/shapes/keys.ts";
import { Button } from "../ui/button.tsx";
import { Code } from "../ui/code.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice } from "../ui/notice.tsx";

/** A new key, shown this once. Only the button closes it: whoever presses Escape by habit would lose the key. */
export function KeyMade({ made, onStored }: { readonly made: MadeLocalKey; readonly onStored: () => void }) {
  const [hurried, setHurried] = useState(false);
  return (
    <Dialog
      open
      title={`The key of “${made.name}”`}
      onClose={() => setHurried(true)}
      onSubmit={onStored}
      footer={
        <Button kind="primary" type="submit">
          I have stored it
        </Button>
      }
    >
      <p>
        Give it to the application as its API key (<code>OPENAI_API_KEY</code>). It is shown this once: the
        configuration keeps its hash alone.
      </p>
      <div class="settings-key">
        <Code text={made.key} label="Copy the key" />
      </div>
      {made.first && <Notice tone="warn" title="From now on every request to the gateway needs a key." />}
      {hurried && (
        <Notice tone="bad" title="It cannot be shown again.">
          Store it first, then press “I have stored it”.
        </Notice>
      )}
    </Dialog>
  );
}
