/** What the sandbox sends back: one document, or a stream of server-sent events. */
export type Answer =
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | { readonly events: Iterable<string> };

export function document(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}

/** An error in the shape that OpenAI-compatible servers give it. */
export function refusal(
  status: number,
  message: string,
  more: { readonly type?: string; readonly param?: string; readonly code?: string } = {},
  headers: Record<string, string> = {},
): Answer {
  const { type = "invalid_request_error", param = null, code = null } = more;
  return document({ error: { message, type, param, code } }, status, headers);
}

/** The failure that `fail=` asks for. */
export function failure(status: number): Answer {
  // The statuses with which servers usually say when to come back.
  const headers: Record<string, string> = status === 429 || status === 503 ? { "retry-after": "1" } : {};
  const type = status >= 500 ? "server_error" : "invalid_request_error";
  const code = status === 429 ? "rate_limit_exceeded" : "sandbox_failure";
  return refusal(status, `the sandbox was asked to fail with ${status}`, { type, code }, headers);
}

/** One event of a stream without an event name, as chat and text completions send it. */
export const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

/** The end of a stream of chat or text completions. */
export const done = "data: [DONE]\n\n";

/** One event of a stream of the Responses API, named by its type. */
export const typed = (value: { readonly type: string; readonly [key: string]: unknown }): string =>
  `event: ${value.type}\n${data(value)}`;
