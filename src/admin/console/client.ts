import { ApiError, errorIn, noAnswer } from "./api-error.ts";
import { lost } from "./gateway.ts";
import { eventsIn, type StreamEvent } from "./event-stream.ts";
import { end, renewed, session, token } from "./session.ts";

export type { StreamEvent } from "./event-stream.ts";

const base = "/api/v1";

export interface Asking {
  readonly method?: string;
  /** Sent as JSON; a FormData, Blob or string as it is. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

const isJson = (body: unknown): boolean =>
  body !== undefined && !(body instanceof FormData || body instanceof Blob || typeof body === "string");

/** One request; whatever answer comes is its result. */
async function once(path: string, { method = "GET", body, signal }: Asking): Promise<Response> {
  const headers = new Headers({ "x-postern-token": token() });
  const init: RequestInit = { method, headers, cache: "no-store" };
  if (isJson(body)) headers.set("Content-Type", "application/json");
  if (body !== undefined) init.body = isJson(body) ? JSON.stringify(body) : (body as BodyInit);
  if (signal !== undefined) init.signal = signal;
  try {
    return await fetch(base + path, init);
  } catch (error) {
    if (signal?.aborted === true) throw error;
    void lost();
    throw noAnswer(
      "nothing is known of what became of this; once it answers again, look before you repeat it",
    );
  }
}

/**
 * Asks the API, and gives the answer with its body unread. A request that is refused because the session has ended
 * waits for a new one and is then asked again: nothing that was typed is lost.
 *
 * @param path without `/api/v1`
 * @throws ApiError when the answer is a refusal, or none came
 */
export async function open(path: string, asking: Asking = {}): Promise<Response> {
  const response = await once(path, asking);
  // What an endpoint said is passed on, with the id of the request: that it refuses is no refusal of ours.
  if (response.ok || response.headers.has("x-postern-request-id")) return response;
  const error = await errorIn(response);
  if (error.status !== 401 || session.value === "none") throw error;
  end();
  await renewed(error, asking.signal);
  return open(path, asking);
}

/** Asks, and reads the answer; `undefined` where it has no body. */
export async function send<T = void>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await open(path, { method, body });
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export const get = <T>(path: string): Promise<T> => send<T>("GET", path);

/** Waits before a stream is asked for again. */
const againMs = 1_000;

/**
 * Follows a stream of events until `signal` aborts; a stream that breaks off or ends is asked for again.
 *
 * @throws ApiError when the API refuses it
 */
export async function events(
  path: string,
  {
    onEvent,
    onOpen,
    signal,
  }: {
    readonly onEvent: (event: StreamEvent) => void;
    /** At the beginning of each stream: what was known from the last one may be out of date. */
    readonly onOpen?: () => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await open(path, { signal });
      onOpen?.();
      for await (const event of eventsIn(response)) onEvent(event);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status >= 400) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

/** Downloads an answer as a file: under the name that the answer gives it, else `fallbackName`. */
export async function save(path: string, asking: Asking, fallbackName: string): Promise<void> {
  const response = await open(path, asking);
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = named ?? fallbackName;
  link.click();
  // The download has its own hold on the bytes by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
