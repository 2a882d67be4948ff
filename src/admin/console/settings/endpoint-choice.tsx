import type { Endpoints } from "../../api/shapes/endpoint.ts";
import { useLoaded } from "../loaded.ts";
import { CheckField } from "../ui/check-field.tsx";

/** Which endpoints a key may use: some, or, with none of them chosen, all. */
export function EndpointChoice({
  chosen,
  onChange,
}: {
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}) {
  const { value } = useLoaded<Endpoints>("/endpoints");
  const names = value?.endpoints.map(({ name }) => name) ?? [];
  if (names.length === 0) return null;
  return (
    <fieldset class="field choices">
      <legend>Endpoints</legend>
      {names.map((name) => (
        <CheckField
          key={name}
          label={name}
          checked={chosen.includes(name)}
          onChange={(checked) =>
            onChange(names.filter((each) => (each === name ? checked : chosen.includes(each))))
          }
        />
      ))}
      <p class="field-help">None chosen: all endpoints, also those to come.</p>
    </fieldset>
  );
}
