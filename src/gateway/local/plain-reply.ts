import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { errorBody, type PosternError } from "../../errors.ts";
import { limits } from "../limits.ts";
import type { Reply, ReplyEvents } from "./reply.ts";
import { errorHeaders } from "./respond.ts";
import { letGo, type Turn } from "../turn.ts";
import { chunkOf, lastChunk } from "../upstream/chunks.ts";
import { fieldValues, headText, joinedBehind } from "../message.ts";

/** What is copied together, in bytes, so that it leaves as one buffer; above it copying costs more than it saves. */
const copiedBytes = 16 * 1024;

const persistent = [
  "Connection",
  "keep-alive",
  "Keep-Alive",
  `timeout=${limits.clientKeepAliveMs / 1000}`,
] as const;
const closing = ["Connection", "close"] as const;
const chunked = ["Transfer-Encoding", "chunked"] as const;
const chunkedPersistent = [...chunked, ...persistent] as const;
const chunkedClosing = [...chunked, ...closing] as const;

/** The answer to one request of a plain connection. */
export class PlainReply implements Reply {
  readonly #socket: Socket;
  readonly #answered: () => void;
  readonly #turn: Turn;
  #events: ReplyEvents | undefined;
  /** What leaves with the next flush: the head, and what stands behind it. */
  #head = "";
  #parts: Buffer[] = [];
  #bytes = 0;
  #chunked = false;
  #over = false;
  begun = false;
  /** The connection is closed behind it. */
  last = false;
  amend: Reply["amend"];

  /** @param answered called when the whole answer has been taken; not when the connection is lost */
  constructor(socket: Socket, turn: Turn, answered: () => void) {
    this.#socket = socket;
    this.#answered = answered;
    this.#turn = turn;
  }

  get gone(): boolean {
    return this.#socket.destroyed;
  }

  /** Only where the answer is chunked: elsewhere the framing would be taken for content. */
  get takesFramed(): boolean {
    return this.#chunked;
  }

  watch(events: ReplyEvents): void {
    this.#events = events;
  }

  inform(status: number, headers: readonly string[]): void {
    this.#socket.write(headText(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, headers), "latin1");
  }

  begin(status: number, reason: string, given: readonly string[]): void {
    this.begun = true;
    const headers = this.amend?.(given) ?? given;
    const bodiless = status === 204 || status === 304;
    this.#chunked = !bodiless && fieldValues(headers, "content-length").length === 0;
    this.#head = headText(`HTTP/1.1 ${status} ${reason}`, headers, this.#own());
  }

  data(part: Buffer): void {
    if (!this.#chunked) this.#push(part);
    else for (const piece of chunkOf(part)) this.#push(piece);
  }

  framed(chunks: Buffer): void {
    this.#push(chunks);
  }

  flush(): boolean {
    if (this.#head !== "" || this.#parts.length > 0) this.#send();
    if (!this.#socket.writableNeedDrain) return true;
    if (this.#socket.timeout !== limits.slowReaderMs) this.#socket.setTimeout(limits.slowReaderMs);
    return false;
  }

  end(trailers: readonly [string, string][]): void {
    if (this.#chunked) this.#push(lastChunk(trailers));
    this.#send(() => this.#finish());
  }

  breakOff(): void {
    letGo(this.#socket);
    this.#socket.destroy();
  }

  refuse(error: PosternError, requestId: string, headers: readonly string[]): void {
    const body = errorBody(error);
    const own = errorHeaders(error, body, requestId);
    this.begin(error.status, STATUS_CODES[error.status] ?? "", [...own, ...headers]);
    this.data(Buffer.from(body));
    this.end([]);
  }

  drained(): void {
    this.#events?.drained();
  }

  /** The connection is no more. */
  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#events?.closed(false);
  }

  #send(sent?: () => void): void {
    const socket = this.#socket;
    const parts = this.#leaving();
    this.#head = "";
    this.#parts = [];
    this.#bytes = 0;
    this.#turn.hold(socket);
    for (const [i, part] of parts.entries()) socket.write(part, i === parts.length - 1 ? sent : undefined);
  }

  #leaving(): readonly Buffer[] {
    if (this.#head === "" && this.#parts.length === 1) return this.#parts;
    if (this.#bytes <= copiedBytes) return [joinedBehind(this.#head, this.#parts)];
    return this.#head === "" ? this.#parts : [joinedBehind(this.#head, []), ...this.#parts];
  }

  /** The headers of the connection, and of how the body ends. */
  #own(): readonly string[] {
    if (this.last) return this.#chunked ? chunkedClosing : closing;
    return this.#chunked ? chunkedPersistent : persistent;
  }

  #finish(): void {
    if (this.#over || this.#socket.destroyed) return;
    this.#over = true;
    this.#events?.closed(true);
    this.#answered();
  }

  #push(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
  }
}
