import { type Answer, data, document, done } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { completionUsage, wantsUsage } from "./usage.ts";

/** `POST /v1/completions`: text completions, whose stream repeats the object of the whole answer. */
export function completion({ body, id, created, model, streams, reply }: Asked): Answer {
  const common = { id: `cmpl-${id}`, object: "text_completion", created, model };
  const usage = completionUsage(reply);
  const choice = (text: string, finish: string | null): object => ({
    index: 0,
    text,
    logprobs: null,
    finish_reason: finish,
  });
  if (streams) return { events: chunks() };
  return document({ ...common, choices: [choice(reply.pieces.join(""), reply.finish)], usage });

  function* chunks(): Generator<string> {
    const withUsage = wantsUsage(body);
    const noUsage = withUsage && { usage: null };
    for (const text of reply.pieces) yield data({ ...common, choices: [choice(text, null)], ...noUsage });
    yield data({ ...common, choices: [choice("", reply.finish)], ...noUsage });
    if (withUsage) yield data({ ...common, choices: [], usage });
    yield done;
  }
}
