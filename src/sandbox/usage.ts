import type { Reply } from "./reply.ts";

/** The usage of a chat or text completion. */
export function completionUsage({ promptTokens, pieces }: Reply): Record<string, number> {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: pieces.length,
    total_tokens: promptTokens + pieces.length,
  };
}
