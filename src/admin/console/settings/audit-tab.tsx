import { useMemo, useState } from "preact/hooks";
import type { AuditPage } from "../../api/shapes/audit.ts";
import { asApiError } from "../api-error.ts";
import { get } from "../client.ts";
import { useLoaded } from "../loaded.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loading } from "../ui/loading.tsx";
import { notify } from "../ui/notify.tsx";
import { sentence } from "../ui/words.ts";
import { AuditFilter, everything, queryOf } from "./audit-filter.tsx";
import { AuditTable } from "./audit-table.tsx";

/** Who used which credential when. */
export function AuditTab() {
  const [filter, setFilter] = useState(everything);
  const query = useMemo(() => queryOf(filter), [filter]);
  const { value, error } = useLoaded<AuditPage>(`/audit?${query.toString()}`);
  if (error?.code === "audit_off")
    return (
      <Empty title="The use of the vault is not recorded">
        <p>
          The configuration says <code>audit: off</code>. Name a file there, and each use of a credential is
          recorded from then on: <code>{"audit: { to: file:audit.log }"}</code>
        </p>
      </Empty>
    );
  return (
    <div class="settings-panel">
      <AuditFilter onApply={setFilter} />
      <Failure error={error} />
      {value === undefined && error === undefined && <Loading />}
      {value !== undefined && (
        <Uses key={query} first={value} query={query} filtered={filter !== everything} />
      )}
    </div>
  );
}

/** The newest uses, and as many older ones as are asked for. */
function Uses({
  first,
  query,
  filtered,
}: {
  readonly first: AuditPage;
  readonly query: URLSearchParams;
  readonly filtered: boolean;
}) {
  const [older, setOlder] = useState<readonly AuditPage[]>([]);
  const [busy, setBusy] = useState(false);
  const { next } = older.at(-1) ?? first;
  const showOlder = async (before: string): Promise<void> => {
    setBusy(true);
    try {
      const page = await get<AuditPage>(`/audit?${query.toString()}&before=${before}`);
      setOlder([...older, page]);
    } catch (error) {
      const { message, hint } = asApiError(error);
      notify({ tone: "bad", text: sentence(message), hint: sentence(hint) });
    }
    setBusy(false);
  };
  if (first.uses.length === 0)
    return filtered ? (
      <Empty title="No use fits">
        <p>Items and endpoints are named in full; an empty field chooses all.</p>
      </Empty>
    ) : (
      <Empty title="Nothing is recorded yet">
        <p>Each time that a credential is attached, shown, downloaded or changed, a line appears here.</p>
      </Empty>
    );
  return (
    <>
      <AuditTable uses={[first, ...older].flatMap(({ uses }) => uses)} />
      {next !== undefined && (
        <Button class="settings-older" busy={busy} onClick={() => void showOlder(next)}>
          Show older
        </Button>
      )}
    </>
  );
}
