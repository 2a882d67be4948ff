import { requestHeaders } from "./headers.ts";
import { limits } from "../limits.ts";
import type { Failure } from "./failure.ts";
import { Pieces } from "../pieces.ts";
import type { Upstream } from "./upstream.ts";

/** A whole answer of an endpoint to a request of our own. */
export interface Fetched {
  readonly status: number;
  readonly body: Buffer;
}

/** A GET of our own to an endpoint failed. */
export class FetchFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.error.message);
    this.failure = failure;
  }
}

/**
 * Asks an endpoint for a path of its origin, with its credentials.
 *
 * @param timeoutMs for the whole; after it the promise rejects with an Error
 * @param signal gives up, as the time's end does
 * @throws FetchFailed
 */
export function fetchFrom(
  upstream: Upstream,
  path: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const pieces = new Pieces();
    let status = 0;
    const headers = requestHeaders(
      ["Accept", "application/json", "User-Agent", "postern"],
      upstream.host,
      upstream.attachment,
    );
    const request = { method: "GET", target: path, headers, body: undefined };
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
    };
    const give = (error: Error): void => {
      settle();
      exchange.abort();
      reject(error);
    };
    const leave = (): void => give(new Error("given up"));
    const timer = setTimeout(() => give(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const exchange = upstream.send(request, {
      connected: () => {},
      uploaded: () => {},
      informational: () => {},
      flush: () => {},
      head: (head) => {
        status = head.status;
      },
      data: (chunk) => {
        pieces.push(chunk);
        if (pieces.bytes > limits.fetchedBytes) give(new Error("the answer is too long"));
      },
      end: () => {
        settle();
        resolve({ status, body: Buffer.concat(pieces.all) });
      },
      failed: (failure) => {
        settle();
        reject(new FetchFailed(failure));
      },
    });
    if (signal?.aborted === true) leave();
    else signal?.addEventListener("abort", leave, { once: true });
  });
}
