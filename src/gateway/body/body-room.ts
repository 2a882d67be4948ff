import type { IncomingRequest } from "../local/incoming-request.ts";
import { limits } from "../limits.ts";
import type { RequestRecord } from "../record.ts";

/** The memory for bodies that are read whole. Those that find no room in it are streamed. */
export class BodyRoom {
  #bytes = 0;
  readonly #taken = new WeakMap<RequestRecord, number>();

  /** Makes room for a request's body, or marks it as one to be streamed. `leave` must follow when it has ended. */
  enter(incoming: IncomingRequest, record: RequestRecord): IncomingRequest {
    const { content } = incoming;
    if (content === undefined || Buffer.isBuffer(content.source)) return incoming;
    const { length = limits.wholeBodyBytes } = content;
    if (length > limits.wholeBodyBytes) return incoming;
    if (this.#bytes + length > limits.wholeBodiesBytes)
      return { ...incoming, content: { ...content, streamed: true } };
    this.#bytes += length;
    this.#taken.set(record, length);
    return incoming;
  }

  leave(record: RequestRecord): void {
    this.#bytes -= this.#taken.get(record) ?? 0;
  }
}
