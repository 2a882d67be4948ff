import { useState } from "preact/hooks";
import type { LocalKey, LocalKeys, MadeLocalKey, RevokedLocalKey } from "../../api/shapes/keys.ts";
import { send } from "../client.ts";
import { useLoaded } from "../loaded.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loading } from "../ui/loading.tsx";
import { Notice } from "../ui/notice.tsx";
import { notify } from "../ui/notify.tsx";
import { KeyCreate } from "./key-create.tsx";
import { KeyMade } from "./key-made.tsx";
import { KeyTable } from "./key-table.tsx";

/** The local keys: who of this machine's applications may use the gateway, and how much. */
export function KeysTab() {
  const { value, error, reload } = useLoaded<LocalKeys>("/keys", { everyMs: 5_000 });
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<MadeLocalKey>();
  const [revoking, setRevoking] = useState<LocalKey>();
  const revoke = async ({ name }: LocalKey): Promise<void> => {
    const { last } = await send<RevokedLocalKey>("DELETE", `/keys/${encodeURIComponent(name)}`);
    notify({
      tone: last ? "warn" : "good",
      text: `The key of “${name}” is revoked.`,
      ...(last && { hint: "It was the last one: every request is refused until there is another." }),
    });
    await reload();
  };
  return (
    <div class="settings-panel">
      <Failure error={error} />
      <div class="settings-head">
        <p class="settings-lead quiet">
          An application sends its local key as its API key. The gateway tells applications apart by it, and
          holds each to its endpoints, models and limits. No endpoint ever sees it.
        </p>
        <Button kind="primary" icon="plus" disabled={value === undefined} onClick={() => setCreating(true)}>
          Create Key
        </Button>
      </div>
      {value === undefined && error === undefined && <Loading />}
      {value !== undefined && <Demand {...value} />}
      {value !== undefined && value.keys.length > 0 && <KeyTable keys={value.keys} onRevoke={setRevoking} />}
      {value !== undefined && (
        <KeyCreate
          open={creating}
          first={!value.demanded}
          onClose={() => setCreating(false)}
          onMade={(key) => {
            setCreating(false);
            setMade(key);
            void reload();
          }}
        />
      )}
      {made !== undefined && <KeyMade made={made} onStored={() => setMade(undefined)} />}
      {revoking !== undefined && (
        <Confirm
          open
          title={`Revoke the key of “${revoking.name}”?`}
          action="Revoke"
          onConfirm={() => revoke(revoking)}
          onClose={() => setRevoking(undefined)}
        >
          <p>
            Requests of the application “{revoking.name}” are refused from then on; what is in flight ends as
            it would. The key cannot be brought back.
          </p>
          {value?.keys.length === 1 && (
            <Notice tone="warn" title="It is the last key.">
              Keys stay demanded, so every request is refused until you create another, or remove the line{" "}
              <code>keys:</code> from the file.
            </Notice>
          )}
        </Confirm>
      )}
    </div>
  );
}

function Demand({ demanded, keys }: LocalKeys) {
  if (demanded && keys.length > 0) return null;
  if (demanded)
    return (
      <Notice
        tone="bad"
        title="Every request to the gateway is refused: keys are demanded, and there is none."
      >
        Create one, or remove the line <code>keys:</code> from the file.
      </Notice>
    );
  return (
    <Empty title="No key is demanded">
      <p>
        Every program of this machine that reaches the gateway may use it. With the first key, each request
        needs one: create a key for each application, and give it to that application as its API key.
      </p>
    </Empty>
  );
}
