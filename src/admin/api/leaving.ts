import type { ServerResponse } from "node:http";

/** Aborts when who asked has left, or has the whole answer. */
export function leavingOf(res: ServerResponse): AbortSignal {
  const left = new AbortController();
  // It may have left while it was let in: then the event is over.
  if (res.closed) left.abort();
  else res.once("close", () => left.abort());
  return left.signal;
}
