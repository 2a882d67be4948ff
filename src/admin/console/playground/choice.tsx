import { useEffect, useId } from "preact/hooks";
import type { Endpoint } from "../../api/shapes/endpoint.ts";
import type { ModelsAnswered } from "../../api/shapes/playground.ts";
import { useLoaded } from "../loaded.ts";
import { SelectField } from "../ui/select-field.tsx";
import { TextField } from "../ui/text-field.tsx";
import { sentence } from "../ui/words.ts";
import type { Conversation } from "./conversation.ts";

/** Which endpoint and which model are asked. */
export function Choice({
  conversation: { endpoint, model },
  endpoints,
}: {
  readonly conversation: Conversation;
  readonly endpoints: readonly Endpoint[];
}) {
  const list = useId();
  const chosen = endpoints.find(({ name }) => name === endpoint.value);
  const listed = useLoaded<ModelsAnswered>(
    chosen === undefined ? undefined : `/playground/models?endpoint=${encodeURIComponent(chosen.name)}`,
  );
  const models = modelsOf(chosen, listed.value);

  useEffect(() => {
    const [first] = endpoints;
    if (chosen === undefined && first !== undefined) endpoint.value = first.name;
  }, [chosen, endpoints]);
  // What somebody typed stays; what nobody chose follows the endpoint.
  useEffect(() => {
    if (model.peek() === "" && models[0] !== undefined) model.value = models[0];
  }, [models[0]]);

  const { error } = listed;
  return (
    <div class="choice-of-model">
      <SelectField
        label="Endpoint"
        value={endpoint.value}
        onChange={(name) => {
          endpoint.value = name;
          model.value = modelsOf(endpoints.find((one) => one.name === name))[0] ?? "";
        }}
        options={endpoints.map(({ name, ready }) => ({
          value: name,
          label: ready ? name : `${name} (refuses requests)`,
        }))}
      />
      <TextField
        label="Model"
        value={model.value}
        onInput={(text) => (model.value = text)}
        placeholder="as the endpoint names it"
        list={list}
        mono
        {...(error !== undefined && { help: sentence(error.message) })}
      />
      <datalist id={list}>
        {models.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  );
}

/** The models that the configuration names for an endpoint, and those that it lists itself. */
const modelsOf = (endpoint: Endpoint | undefined, listed?: ModelsAnswered): readonly string[] => [
  ...new Set([
    ...(endpoint?.models ?? []),
    ...Object.keys(endpoint?.aliases ?? {}),
    ...(listed?.models ?? []),
  ]),
];
