import { type Answer, document, typed } from "./answer.ts";
import type { Asked } from "./asked.ts";

/** `POST /v1/responses`: OpenAI's Responses API, whose stream is a sequence of typed and numbered events. */
export function response({ body, id, created, model, streams, reply }: Asked): Answer {
  const text = reply.pieces.join("");
  const whole = reply.finish === "stop";
  const part = (content: string): object => ({
    type: "output_text",
    text: content,
    annotations: [],
    logprobs: [],
  });
  const message = (
    status: "in_progress" | "completed" | "incomplete",
    content: readonly object[],
  ): object => ({
    type: "message",
    id: `msg_${id}`,
    role: "assistant",
    status,
    content,
  });
  const begun = {
    id: `resp_${id}`,
    object: "response",
    created_at: created,
    status: "in_progress",
    error: null,
    incomplete_details: null,
    instructions: body["instructions"] ?? null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    metadata: body["metadata"] ?? {},
    model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    store: false,
    temperature: body["temperature"] ?? 1,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: body["top_p"] ?? 1,
    truncation: "disabled",
    usage: null,
  };
  const item = message(whole ? "completed" : "incomplete", [part(text)]);
  const ended = {
    ...begun,
    status: whole ? "completed" : "incomplete",
    incomplete_details: whole ? null : { reason: "max_output_tokens" },
    output: [item],
    usage: {
      input_tokens: reply.promptTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: reply.pieces.length,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: reply.promptTokens + reply.pieces.length,
    },
  };
  return streams ? { events: numbered(events()) } : document(ended);

  function* events(): Generator<Event> {
    const inPart = { item_id: `msg_${id}`, output_index: 0, content_index: 0 };
    yield { type: "response.created", response: begun };
    yield { type: "response.in_progress", response: begun };
    yield { type: "response.output_item.added", output_index: 0, item: message("in_progress", []) };
    yield { type: "response.content_part.added", ...inPart, part: part("") };
    for (const delta of reply.pieces)
      yield { type: "response.output_text.delta", ...inPart, delta, logprobs: [] };
    yield { type: "response.output_text.done", ...inPart, text, logprobs: [] };
    yield { type: "response.content_part.done", ...inPart, part: part(text) };
    yield { type: "response.output_item.done", output_index: 0, item };
    yield { type: `response.${ended.status}`, response: ended };
  }
}

interface Event {
  readonly type: string;
  readonly [key: string]: unknown;
}

function* numbered(events: Iterable<Event>): Generator<string> {
  let sequence_number = 0;
  for (const event of events) yield typed({ ...event, sequence_number: sequence_number++ });
}
