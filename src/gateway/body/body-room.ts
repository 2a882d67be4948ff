import type { IncomingRequest } from "../local/incoming-request.ts";
import type { RequestRecord } from "../record.ts";
import { type HeldBytes, Holding } from "./holding.ts";

/** The memory that the bodies of all requests share. */
export class BodyRoom {
  readonly #held: HeldBytes = { bytes: 0 };
  readonly #holdings = new WeakMap<RequestRecord, Holding>();

  /** The same request; what is read of its body is counted. `leave` must follow when it has ended. */
  enter(incoming: IncomingRequest, record: RequestRecord): IncomingRequest {
    const { content } = incoming;
    if (content === undefined || Buffer.isBuffer(content.source)) return incoming;
    const holding = new Holding(this.#held);
    this.#holdings.set(record, holding);
    return { ...incoming, content: { ...content, holding } };
  }

  leave(record: RequestRecord): void {
    this.#holdings.get(record)?.ended();
  }
}
