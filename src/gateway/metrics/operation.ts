/** What a request asks of a model, in the words of OpenTelemetry's conventions for generative AI. */
export interface Operation {
  /** `gen_ai.operation.name` */
  readonly name: "chat" | "text_completion" | "embeddings";
  /** `gen_ai.provider.name`: whose form the request has, not who answers it. */
  readonly provider: "openai" | "anthropic";
}

const chat: Operation = { name: "chat", provider: "openai" };

/** Paths with the same operation share its object. */
const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["/chat/completions", chat],
  ["/responses", chat],
  ["/completions", { name: "text_completion", provider: "openai" }],
  ["/embeddings", { name: "embeddings", provider: "openai" }],
  ["/messages", { name: "chat", provider: "anthropic" }],
]);

const longest = Math.max(...[...operations.keys()].map((path) => path.length));

/**
 * The operation of a request, where it is one.
 *
 * @param path below the endpoint's base, without its query
 */
export function operationOf(method: string, path: string): Operation | undefined {
  // A long path is not looked up, for that reads the whole of it.
  return method === "POST" && path.length <= longest ? operations.get(path) : undefined;
}
