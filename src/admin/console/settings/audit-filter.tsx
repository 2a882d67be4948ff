import { useState } from "preact/hooks";
import { Button } from "../ui/button.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { SelectField } from "../ui/select-field.tsx";
import { TextField } from "../ui/text-field.tsx";
import { actions } from "./audit-words.ts";

/** Which uses are wanted; empty is all. */
export interface Filter {
  readonly item: string;
  readonly endpoint: string;
  readonly action: string;
  /** How long ago at most, in hours; empty for ever. */
  readonly hours: string;
  readonly failed: boolean;
}

export const everything: Filter = { item: "", endpoint: "", action: "", hours: "", failed: false };

/** The query of the API that asks for these uses. */
export function queryOf(
  { item, endpoint, action, hours, failed }: Filter,
  now = Date.now(),
): URLSearchParams {
  const query = new URLSearchParams({ limit: "50" });
  if (item.trim() !== "") query.set("item", item.trim());
  if (endpoint.trim() !== "") query.set("endpoint", endpoint.trim());
  if (action !== "") query.set("action", action);
  if (hours !== "") query.set("since", new Date(now - Number(hours) * 3_600_000).toISOString());
  if (failed) query.set("failed", "true");
  return query;
}

const times = [
  { value: "", label: "Any time" },
  { value: "1", label: "Last hour" },
  { value: "24", label: "Last 24 hours" },
  { value: "168", label: "Last 7 days" },
  { value: "720", label: "Last 30 days" },
];

const anyAction = [{ value: "", label: "Any action" }, ...actions.map((value) => ({ value, label: value }))];

/** What is to be seen of the record. */
export function AuditFilter({ onApply }: { readonly onApply: (filter: Filter) => void }) {
  const [filter, setFilter] = useState(everything);
  const set = (more: Partial<Filter>): void => setFilter({ ...filter, ...more });
  return (
    <form
      class="settings-filter"
      role="search"
      aria-label="Uses of the vault"
      onSubmit={(event) => {
        event.preventDefault();
        onApply(filter);
      }}
    >
      <TextField label="Item" mono value={filter.item} onInput={(item) => set({ item })} />
      <TextField label="Endpoint" mono value={filter.endpoint} onInput={(endpoint) => set({ endpoint })} />
      <SelectField
        label="Action"
        value={filter.action}
        options={anyAction}
        onChange={(action) => set({ action })}
      />
      <SelectField label="Time" value={filter.hours} options={times} onChange={(hours) => set({ hours })} />
      <CheckField label="Failed only" checked={filter.failed} onChange={(failed) => set({ failed })} />
      <Button type="submit" icon="filter">
        Filter
      </Button>
    </form>
  );
}
