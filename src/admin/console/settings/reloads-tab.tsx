import type { Reloads } from "../../api/shapes/configuration.ts";
import { useLoaded } from "../loaded.ts";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loading } from "../ui/loading.tsx";
import { Moment } from "../ui/moment.tsx";
import { Tag } from "../ui/tag.tsx";
import { Table } from "./table.tsx";

const outcomes = {
  applied: { tone: "good", words: "applied" },
  "in part": { tone: "warn", words: "applied in part" },
  refused: { tone: "bad", words: "refused" },
} as const;

/** What was read again when, and how that ended. */
export function ReloadsTab() {
  const { value, error } = useLoaded<Reloads>("/configuration/reloads", { everyMs: 3_000 });
  return (
    <div class="settings-panel">
      <Failure error={error} />
      {value === undefined && error === undefined && <Loading />}
      {value?.reloads.length === 0 && (
        <Empty title="Nothing has been reloaded since the start">
          <p>
            The configuration and the vault are read again by themselves when they change. Here stands then
            when that was, and what stood in the way.
          </p>
        </Empty>
      )}
      {value !== undefined && value.reloads.length > 0 && (
        <Table caption="The last reloads, the newest first" columns={["When", "What", "Outcome"]}>
          {value.reloads.map(({ at, what, outcome, error }) => (
            <tr key={at}>
              <td>
                <Moment at={at} />
              </td>
              <td class="settings-word">{what === "vault" ? "Vault" : "Configuration"}</td>
              <td>
                <Tag tone={outcomes[outcome].tone}>{outcomes[outcome].words}</Tag>
                {error !== undefined && (
                  <>
                    <pre class="settings-said">{error.message}</pre>
                    <p class="quiet">{error.hint}</p>
                  </>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}
