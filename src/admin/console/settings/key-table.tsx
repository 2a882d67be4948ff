import type { LocalKey } from "../../api/shapes/keys.ts";
import { Button } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { countText } from "../ui/words.ts";
import { Table } from "./table.tsx";

/** The local keys, and what each may use. */
export const KeyTable = ({
  keys,
  onRevoke,
}: {
  readonly keys: readonly LocalKey[];
  readonly onRevoke: (key: LocalKey) => void;
}) => (
  <Table
    caption="Local keys"
    columns={[
      "Application",
      "Endpoints",
      "Models",
      "Limits",
      "Last used",
      <span key="actions" class="unseen">
        Actions
      </span>,
    ]}
  >
    {keys.map((key) => (
      <tr key={key.name}>
        <th scope="row">{key.name}</th>
        <td data-label="Endpoints">{key.endpoints.join(", ") || <span class="quiet">all</span>}</td>
        <td data-label="Models">{key.models.join(", ") || <span class="quiet">all</span>}</td>
        <td data-label="Limits">{limitText(key.limits) || <span class="quiet">none</span>}</td>
        <td data-label="Last used">
          {key.lastUsed === undefined ? (
            <span class="quiet settings-word">not lately</span>
          ) : (
            <Moment at={key.lastUsed} />
          )}
        </td>
        <td class="settings-action">
          <Button kind="danger" small title={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
            Revoke
          </Button>
        </td>
      </tr>
    ))}
  </Table>
);

const limitText = ({ requestsPerMinute, tokensPerMinute, concurrency }: LocalKey["limits"]): string =>
  [
    requestsPerMinute !== undefined && `${countText(requestsPerMinute)} requests/min`,
    tokensPerMinute !== undefined && `${countText(tokensPerMinute)} tokens/min`,
    concurrency !== undefined && `${countText(concurrency)} at once`,
  ]
    .filter(Boolean)
    .join(", ");
