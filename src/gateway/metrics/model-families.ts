import type { Distribution } from "./cells.ts";
import type { Family, Values } from "./exposition.ts";
import type { EndpointTally, ModelTally } from "./tally.ts";

type Endpoints = Iterable<readonly [endpoint: string, tally: EndpointTally]>;

/** What is told of each model, by the conventions of OpenTelemetry for generative AI or after their manner. */
export function modelFamilies(endpoints: Endpoints): readonly Family[] {
  return [
    {
      name: "postern_output_tokens_per_second",
      help: "Speed of a streamed answer behind its first token.",
      type: "histogram",
      across: "sum",
      read: perModel(endpoints, ({ outputPerSecond }) => labelled({}, outputPerSecond)),
    },
    {
      name: "gen_ai_server_request_duration_seconds",
      help: "Time from a request's head to its answer's end.",
      type: "histogram",
      across: "sum",
      read: perModel(endpoints, ({ duration }) =>
        [...duration].flatMap(([type, times]) => labelled(type === "" ? {} : { error_type: type }, times)),
      ),
    },
    {
      name: "gen_ai_server_time_to_first_token_seconds",
      help: "Time from a request's head to the first bytes of a streamed answer.",
      type: "histogram",
      across: "sum",
      read: perModel(endpoints, ({ firstToken }) => labelled({}, firstToken)),
    },
    {
      name: "gen_ai_server_time_per_output_token_seconds",
      help: "Time per output token of a streamed answer, behind its first.",
      type: "histogram",
      across: "sum",
      read: perModel(endpoints, ({ perOutputToken }) => labelled({}, perOutputToken)),
    },
    {
      name: "gen_ai_client_token_usage",
      help: "Tokens that an answer took, as it says itself.",
      type: "histogram",
      across: "sum",
      read: perModel(endpoints, ({ inputTokens, outputTokens }) => [
        ...labelled({ gen_ai_token_type: "input" }, inputTokens),
        ...labelled({ gen_ai_token_type: "output" }, outputTokens),
      ]),
    },
  ];
}

function perModel(endpoints: Endpoints, of: (tally: ModelTally) => Labelled): () => Values {
  return function* () {
    for (const [endpoint, { models }] of endpoints)
      for (const [{ name, provider }, byModel] of models)
        for (const [model, tally] of byModel) {
          const labels = { endpoint, gen_ai_operation_name: name, gen_ai_provider_name: provider };
          const named = model === "" ? labels : { ...labels, gen_ai_request_model: model };
          for (const [more, value] of of(tally)) yield [{ ...named, ...more }, value];
        }
  };
}

type Labelled = readonly (readonly [labels: Readonly<Record<string, string>>, value: Distribution])[];

/** A distribution with labels of its own, unless nothing was observed: then there is nothing to tell. */
const labelled = (labels: Readonly<Record<string, string>>, value: Distribution): Labelled =>
  value.empty ? [] : [[labels, value]];
