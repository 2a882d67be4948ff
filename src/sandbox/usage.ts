import type { Asked } from "./asked.ts";
import type { Reply } from "./reply.ts";

/** The usage of a chat or text completion. */
export function completionUsage({ promptTokens, pieces }: Reply): Record<string, number> {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: pieces.length,
    total_tokens: promptTokens + pieces.length,
  };
}

/** Whether a request asks for the usage at the end of its stream. */
export function wantsUsage(body: Asked["body"]): boolean {
  const options = body["stream_options"] as { readonly include_usage?: unknown } | null | undefined;
  return options?.include_usage === true;
}
