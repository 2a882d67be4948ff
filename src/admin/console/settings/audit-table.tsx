import type { AuditUse } from "../../api/shapes/audit.ts";
import { Moment } from "../ui/moment.tsx";
import { Tag } from "../ui/tag.tsx";
import { deedText, processText, whoText } from "./audit-words.ts";
import { Table } from "./table.tsx";

/** Uses of the vault, the newest first. */
export const AuditTable = ({ uses }: { readonly uses: readonly AuditUse[] }) => (
  <Table caption="Uses of the vault, the newest first" columns={["When", "Who", "What", "About"]}>
    {uses.map((use, index) => (
      <tr key={`${index} ${use.at}`}>
        <td>
          <Moment at={use.at} />
        </td>
        <td>
          {whoText(use)}
          <small class="settings-process">{processText(use)}</small>
        </td>
        <td>
          {deedText(use)}
          {use.error !== undefined && (
            <>
              {" "}
              <Tag tone="bad" title="The error that it met">
                {use.error}
              </Tag>
            </>
          )}
        </td>
        <td>{use.about ?? ""}</td>
      </tr>
    ))}
  </Table>
);
