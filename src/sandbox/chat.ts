import { type Answer, data, document, done } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { completionUsage, wantsUsage } from "./usage.ts";

/** `POST /v1/chat/completions`: see OpenAI's "Create chat completion" and "Chat completion chunk". */
export function chat({ body, id, created, model, streams, reply }: Asked): Answer {
  const common = { id: `chatcmpl-${id}`, created, model };
  const usage = completionUsage(reply);
  if (streams) return { events: chunks() };
  const message = { role: "assistant", content: reply.pieces.join(""), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: reply.finish }];
  return document({ ...common, object: "chat.completion", choices, usage });

  function* chunks(): Generator<string> {
    const withUsage = wantsUsage(body);
    const chunk = (delta: object, finish: string | null = null): string =>
      data({
        ...common,
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
        // Every chunk has the key when the last one was asked for.
        ...(withUsage && { usage: null }),
      });
    yield chunk({ role: "assistant", content: "", refusal: null });
    for (const content of reply.pieces) yield chunk({ content });
    yield chunk({}, reply.finish);
    if (withUsage) yield data({ ...common, object: "chat.completion.chunk", choices: [], usage });
    yield done;
  }
}
