import { SelectField } from "../ui/select-field.tsx";
import { TextField } from "../ui/text-field.tsx";
import type { Filter } from "./filter.ts";

export interface FilterBarProps {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
  readonly endpoints: readonly string[];
}

/** What the page shows of all that happens. */
export const FilterBar = ({ filter, onChange, endpoints }: FilterBarProps) => (
  <div class="live-filter" role="search" aria-label="Which requests are shown">
    <SelectField
      label="Endpoint"
      value={filter.endpoint}
      onChange={(endpoint) => onChange({ ...filter, endpoint })}
      options={[{ value: "", label: "All" }, ...endpoints.map((name) => ({ value: name, label: name }))]}
    />
    <TextField
      label="Model"
      type="search"
      placeholder="any"
      value={filter.model}
      onInput={(model) => onChange({ ...filter, model })}
    />
    <SelectField
      label="Outcome"
      value={filter.errorsOnly ? "errors" : ""}
      onChange={(value) => onChange({ ...filter, errorsOnly: value === "errors" })}
      options={[
        { value: "", label: "All" },
        { value: "errors", label: "Errors" },
      ]}
    />
  </div>
);
