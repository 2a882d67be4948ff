import type { Config, ModelConfig } from "../../config/config.ts";

/** How the endpoints that serve a model share its requests, in a few words. */
export interface SharedModel {
  readonly model: string;
  readonly text: string;
}

/** The models that several endpoints serve, in the order of the file. */
export function sharedModels({ endpoints, models }: Config): readonly SharedModel[] {
  const serving = new Map<string, string[]>();
  for (const { name, models: own, aliases } of endpoints.values())
    for (const model of [...own, ...aliases.keys()])
      serving.set(model, [...(serving.get(model) ?? []), name]);
  return [...serving]
    .filter(([, names]) => names.length > 1)
    .map(([model, names]) => ({ model, text: sharing(names, models.get(model)) }));
}

function sharing(names: readonly string[], config: ModelConfig | undefined): string {
  const choose = config?.choose ?? "in-order";
  if (choose === "in-order") return names.join(", then ");
  if (choose === "least-in-flight") return `${names.join(", ")}: the one with the fewest requests in flight`;
  const weights = names.map((name) => config?.weights.get(name) ?? 1);
  return names.map((name, index) => `${name} (weight ${weights[index]})`).join(", ");
}
