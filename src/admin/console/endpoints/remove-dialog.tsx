import type { Endpoint } from "../../api/shapes/endpoint.ts";
import { send } from "../client.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { notify } from "../ui/notify.tsx";

/** Asks before an endpoint is removed, and says what will break. */
export function RemoveDialog({
  endpoint: { name, usedBy, local, models, aliases, version },
  others,
  onClose,
}: {
  readonly endpoint: Endpoint;
  readonly others: readonly Endpoint[];
  readonly onClose: () => void;
}) {
  if (usedBy.length > 0)
    return (
      <Dialog
        open
        title={`${name} is still in use`}
        onClose={onClose}
        footer={<Button onClick={onClose}>Close</Button>}
      >
        <p>These parts of the configuration name it, and would be wrong without it:</p>
        <ul class="endpoint-list">
          {usedBy.map((place) => (
            <li key={place}>
              <code>{place}</code>
            </li>
          ))}
        </ul>
        <p>Take its name out of them first; then it can be removed here.</p>
      </Dialog>
    );
  const served = [...models, ...Object.keys(aliases)];
  const lost = served.filter(
    (model) => !others.some((other) => other.models.includes(model) || model in other.aliases),
  );
  return (
    <Confirm
      open
      title={`Remove ${name}?`}
      action="Remove"
      onClose={onClose}
      onConfirm={async () => {
        await send("DELETE", `/endpoints/${encodeURIComponent(name)}?version=${version}`);
        notify({ tone: "good", text: `Removed ${name}.` });
      }}
    >
      <p>What calls it will be answered with an error from now on:</p>
      <ul class="endpoint-list">
        {local.map((base) => (
          <li key={base}>
            <code>{base}</code>
          </li>
        ))}
        {lost.map((model) => (
          <li key={model}>
            requests for <code>{model}</code>, which no other endpoint names
          </li>
        ))}
      </ul>
      <p>Its credentials stay in the vault.</p>
    </Confirm>
  );
}
