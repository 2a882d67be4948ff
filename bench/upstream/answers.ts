import { eventOf } from "../event.ts";

const fixedEvents = 200;

function answer(status: string, type: string, body: string): Buffer {
  const head = [`HTTP/1.1 ${status}`, `Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const chunk = (text: string): Buffer => Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);

/** The bytes of every answer, made once so that sending them costs as little as it can. */
export interface Answers {
  readonly unary: Buffer;
  /** A refusal of a request without the bearer token, or with a manner that is not known. */
  readonly refusal: Buffer;
  /** The head of every stream. */
  readonly streamHead: Buffer;
  /** A whole stream behind its head. */
  readonly fixed: Buffer;
  /** One event, as a chunk (RFC 9112 §7.1). */
  readonly event: Buffer;
}

export function makeAnswers(): Answers {
  const message = { role: "assistant", content: "There are four, and the postern is one. ".repeat(22) };
  const completion = {
    id: "chatcmpl-bench",
    object: "chat.completion",
    created: 1,
    model: "bench/answer",
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: { prompt_tokens: 40, completion_tokens: 220, total_tokens: 260 },
  };
  const events = Array.from({ length: fixedEvents }, (_, i) => chunk(eventOf(i)));
  return {
    unary: answer("200 OK", "application/json", JSON.stringify(completion)),
    refusal: answer("401 Unauthorized", "text/plain", "no bearer token, or no such model"),
    streamHead: Buffer.from(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n",
    ),
    fixed: Buffer.concat([...events, chunk("data: [DONE]\n\n"), Buffer.from("0\r\n\r\n")]),
    event: chunk(eventOf(0)),
  };
}

/** One event with the time of its sending, as a chunk. */
export const stampedEvent = (timeUs: number): Buffer => chunk(eventOf(timeUs));
