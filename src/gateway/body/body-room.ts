import type { Ask } from "../local/ask.ts";
import { limits } from "../limits.ts";
import type { RequestRecord } from "../record.ts";

/** The memory for bodies that are read whole. Those that find no room in it are streamed. */
export class BodyRoom {
  #bytes = 0;
  readonly #taken = new WeakMap<RequestRecord, number>();

  /** Makes room for a request's body, or marks it as one to be streamed. `leave` must follow when it has ended. */
  enter(ask: Ask, record: RequestRecord): Ask {
    const { content } = ask;
    if (content === undefined || Buffer.isBuffer(content.source)) return ask;
    const { length = limits.wholeBodyBytes } = content;
    if (length > limits.wholeBodyBytes) return ask;
    if (this.#bytes + length > limits.wholeBodiesBytes)
      return { ...ask, content: { ...content, streamed: true } };
    this.#bytes += length;
    this.#taken.set(record, length);
    return ask;
  }

  leave(record: RequestRecord): void {
    this.#bytes -= this.#taken.get(record) ?? 0;
  }
}
