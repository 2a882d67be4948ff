import type { IncomingMessage, ServerResponse } from "node:http";
import { formatDuration } from "../../config/quantities.ts";
import { errorBody, type PosternError, problem } from "../../errors.ts";
import { limits } from "../limits.ts";
import type { Reply, ReplyEvents } from "./reply.ts";
import { isLingering } from "./linger.ts";
import { errorHeaders, readPast, respondEarly } from "./respond.ts";
import { letGo, type Turn } from "../turn.ts";

/** An answer by Node's HTTP server, for the requests that are not plain. */
export class HttpReply implements Reply {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #turn: Turn;
  #events: ReplyEvents | undefined;
  #more = true;
  /** The head has left, or leaves with the bytes behind it. */
  #headSent = false;
  /** Node frames what it sends itself. */
  readonly takesFramed = false;
  amend: Reply["amend"];

  constructor(req: IncomingMessage, res: ServerResponse, turn: Turn) {
    this.#req = req;
    this.#res = res;
    this.#turn = turn;
    // Node writes none of its own: the endpoint's Date is the answer's.
    res.sendDate = false;
  }

  get begun(): boolean {
    return this.#res.headersSent;
  }

  get gone(): boolean {
    // A request that has been read whole is destroyed too, without anybody having left.
    return (
      isLingering(this.#req.socket) || this.#res.destroyed || (this.#req.destroyed && !this.#req.complete)
    );
  }

  watch(events: ReplyEvents): void {
    this.#events = events;
    const res = this.#res;
    res.on("drain", () => events.drained());
    // Node closes a response when it is finished; but one that declines an upgrade only with its connection.
    const over = (): void => {
      res.off("finish", over).off("close", over);
      events.closed(res.writableFinished);
    };
    res.on("finish", over).on("close", over);
  }

  inform(status: number, headers: readonly string[]): void {
    // HTTP/1.0 knows no 1xx (RFC 9110 §15.2).
    if (this.#req.httpVersionMinor > 0) this.#res.writeInformation(status, [...headers]);
  }

  begin(status: number, reason: string, headers: readonly string[]): void {
    this.#res.writeHead(status, reason, [...(this.amend?.(headers) ?? headers)]);
  }

  data(part: Buffer): void {
    if (this.#res.socket !== null) this.#turn.hold(this.#res.socket);
    this.#headSent = true;
    this.#more = this.#res.write(part);
  }

  framed(): void {
    throw new Error("Node's HTTP server frames what it sends itself");
  }

  flush(): boolean {
    if (!this.#headSent) this.#res.flushHeaders();
    this.#headSent = true;
    if (this.#more || !this.#res.writableNeedDrain) return true;
    const { socket } = this.#res;
    if (socket !== null && socket.timeout !== limits.slowReaderMs) socket.setTimeout(limits.slowReaderMs);
    return false;
  }

  end(trailers: readonly [string, string][]): void {
    if (trailers.length > 0) this.#res.addTrailers(trailers);
    this.#res.end();
    // The endpoint can answer before it has read the request, as it does with 413.
    const req = this.#req;
    if (!req.complete)
      readPast(req, () => {
        if (!req.complete) req.socket.destroy();
      });
  }

  /** The client has been silent for long. Judges whether it was to send something. */
  stalled(): void {
    const req = this.#req;
    if (req.complete || req.readableFlowing !== true) return;
    const after = formatDuration(limits.bodySilenceMs);
    this.#events?.refused(problem("request_timeout", { waited: "stopped coming for", after }));
  }

  /** The connection ends without this answer, though it may be open for a while. */
  lost(): void {
    this.#events?.closed(false);
    // Whoever still reads the body gets no more of it.
    this.#req.emit("close");
  }

  breakOff(): void {
    const { socket } = this.#res;
    if (socket !== null) letGo(socket);
    // HTTP/1.0 knows no chunks: where an answer ends with its connection, only a reset tells that it is not whole. A
    // Unix socket has none, and no address.
    if (this.#req.httpVersionMinor === 0 && socket?.remoteAddress !== undefined) socket.resetAndDestroy();
    this.#res.destroy();
  }

  refuse(error: PosternError, requestId: string, more: readonly string[]): void {
    const body = errorBody(error);
    const headers = [...errorHeaders(error, body, requestId), ...more];
    this.#res.sendDate = true;
    respondEarly(this.#req, this.#res, error.status, this.amend?.(headers) ?? headers, body);
  }
}
