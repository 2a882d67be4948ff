/** The head of an answer that ends with its connection. */
export const eventStream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

/** A piece of a streamed chat, as OpenAI's servers send it. */
export const chunk = (delta: Readonly<Record<string, unknown>>, reason: string | null = null): string =>
  event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: reason }],
  });

/** The last pieces: why it ended, what it took, and the end. */
export const finish =
  chunk({}, "stop") +
  event({ id: "chatcmpl-1", choices: [], usage: { prompt_tokens: 12, completion_tokens: 34 } }) +
  "data: [DONE]\n\n";
