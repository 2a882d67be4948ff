/** What an application asks: it knows a base URL, a model and a dummy API key, and nothing else. */
export function question(model: string): Record<string, unknown> {
  return { model, stream: true, messages: [{ role: "user", content: "What just happened?" }] };
}

/** Sends a streamed chat as such an application does. `sandbox` is the header `x-sandbox`. */
export function askChat(o: {
  readonly baseUrl: string;
  readonly model: string;
  readonly sandbox?: string;
  readonly signal: AbortSignal;
}): Promise<Response> {
  return fetch(`${o.baseUrl}/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: "Bearer no_key",
      ...(o.sandbox !== undefined && { "x-sandbox": o.sandbox }),
    },
    body: JSON.stringify(question(o.model)),
    signal: o.signal,
  });
}

/** The words of a streamed chat, as they arrive. Throws when the stream ends before its end. */
export async function* wordsOf(answer: Response): AsyncGenerator<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of answer.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data) as { choices: { delta: { content?: string } }[] };
      yield chunk.choices[0]?.delta.content ?? "";
    }
  }
  throw new Error("the stream ended before its [DONE]");
}
