import type { Socket } from "node:net";
import type { IncomingRequest } from "./incoming-request.ts";
import { limits } from "../limits.ts";
import { linger } from "./linger.ts";
import { PlainReply } from "./plain-reply.ts";
import { type PlainRequest, readPlainRequest } from "./plain-request.ts";
import type { Turn } from "../turn.ts";
import { limitSlowReader } from "./untaken.ts";

/** What a plain connection needs of the server. */
export interface PlainOptions {
  readonly turn: Turn;
  readonly handle: (incoming: IncomingRequest, reply: PlainReply) => void;
  /**
   * Takes the connection over for good, with the bytes that were read and not used.
   *
   * @param early they came before the request in front of them had its answer
   */
  readonly handOver: (bytes: Buffer, early: boolean) => void;
}

/**
 * A local client's connection for as long as it sends ordinary requests, one after the other: those are read and
 * answered here, at a fraction of what Node's HTTP server takes for it. Whatever else comes goes to that server,
 * with the connection, byte for byte as it came.
 */
export class PlainConnection {
  readonly #socket: Socket;
  readonly #options: PlainOptions;
  /** The request whose body is awaited, and what has come of it. */
  #begun: PlainRequest | undefined;
  #bytes: Buffer | undefined;
  #reply: PlainReply | undefined;
  #bodyTimer: NodeJS.Timeout | undefined;
  /** What has come beyond a request came before its answer was given. */
  #early = false;
  #closing = false;
  /** When its last answer was given. */
  #idleSinceMs = 0;

  readonly #onData = (chunk: Buffer): void => this.#received(chunk);
  readonly #onEnd = (): void => this.#ended();
  readonly #onTimeout = (): void => this.#timedOut();
  readonly #onDrain = (): void => this.#reply?.drained();
  readonly #onClose = (): void => this.#closed();

  constructor(socket: Socket, options: PlainOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", this.#onData).on("end", this.#onEnd).on("timeout", this.#onTimeout);
    socket.on("drain", this.#onDrain).on("close", this.#onClose).on("error", ignore);
    socket.setTimeout(limits.requestHeadMs);
  }

  /**
   * Since when it carries no request, nor a part of one (`performance.now`): 0 before the first, undefined while it
   * does.
   */
  get idleSinceMs(): number | undefined {
    return this.#reply === undefined && this.#begun === undefined ? this.#idleSinceMs : undefined;
  }

  /** Closes it when it carries no request, or when that one has been answered. */
  close(): void {
    this.#closing = true;
    // One whose body is on its way is in flight as well, and waits for the rest elsewhere.
    if (this.#begun !== undefined && this.#bytes !== undefined) this.#leave(this.#bytes);
    else if (this.#reply === undefined) this.#socket.destroy();
    else this.#reply.last = true;
  }

  #received(chunk: Buffer): void {
    this.#bytes = this.#bytes === undefined ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.#reply === undefined) return this.#next();
    // The next request came before this one was answered: it waits, and so does what stands behind it. Some of that is
    // read all the same, or nobody would notice that the client leaves.
    this.#early = true;
    if (this.#bytes.length > limits.pipelinedBytes) this.#socket.pause();
  }

  /** Takes the next request from the bytes that have come. */
  #next(): void {
    const bytes = this.#bytes;
    if (bytes === undefined) return;
    const request = this.#begun ?? readPlainRequest(bytes, limits.smallBodyBytes);
    if (request === undefined) return this.#leave(bytes);
    const { bodyAt, length } = request;
    const end = bodyAt + (length ?? 0);
    if (bytes.length < end) {
      this.#begun = request;
      // What takes its time is not ordinary.
      this.#bodyTimer ??= setTimeout(() => this.#leave(this.#bytes ?? bytes), limits.plainBodyMs);
      return;
    }
    this.#stopWaiting();
    this.#bytes = bytes.length === end ? undefined : bytes.subarray(end);
    this.#early = this.#bytes !== undefined;
    const reply = new PlainReply(this.#socket, this.#options.turn, () => this.#answered());
    this.#reply = reply;
    const content = length === undefined ? undefined : { length, source: bytes.subarray(bodyAt, end) };
    const { method, target, version, rawHeaders } = request;
    this.#options.handle({ method, target, version, rawHeaders, content }, reply);
  }

  #answered(): void {
    this.#reply = undefined;
    this.#idleSinceMs = performance.now();
    if (this.#closing) {
      linger(this.#socket);
      return;
    }
    // Once set, what is written and read starts it anew.
    if (this.#socket.timeout !== limits.clientKeepAliveMs) this.#socket.setTimeout(limits.clientKeepAliveMs);
    if (this.#bytes === undefined) return;
    this.#socket.resume();
    // Not from within the answer before it.
    setImmediate(() => {
      if (this.#reply === undefined && !this.#socket.destroyed) this.#next();
    });
  }

  #leave(bytes: Buffer): void {
    const socket = this.#socket;
    this.#stopWaiting();
    this.#bytes = undefined;
    socket.off("data", this.#onData).off("end", this.#onEnd).off("timeout", this.#onTimeout);
    socket.off("drain", this.#onDrain).off("close", this.#onClose);
    socket.setTimeout(0);
    this.#options.handOver(bytes, this.#early);
    socket.off("error", ignore);
  }

  #stopWaiting(): void {
    clearTimeout(this.#bodyTimer);
    this.#bodyTimer = undefined;
    this.#begun = undefined;
  }

  /** A client that closes its side is gone: nobody waits for an answer (nginx's default as well). */
  #ended(): void {
    // Within a request, Node's parser says what is missing.
    if (this.#begun === undefined || this.#bytes === undefined) this.#socket.destroy();
    else {
      this.#leave(this.#bytes);
      this.#socket.emit("end");
    }
  }

  #timedOut(): void {
    if (this.idleSinceMs !== undefined) this.#socket.destroy();
    // While an answer is awaited, its phases have their own limits; but a client must take what has come.
    else limitSlowReader(this.#socket);
  }

  #closed(): void {
    this.#stopWaiting();
    this.#reply?.closed();
    this.#reply = undefined;
  }
}

const ignore = (): void => {};
