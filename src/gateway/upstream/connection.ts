import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { ClosedEarly, type Phase, PhaseTimeout } from "./failure.ts";
import type { IdleTime } from "./idle-time.ts";
import { readBeforeFailing } from "./last-words.ts";
import { limits } from "../limits.ts";
import type { Turn } from "../turn.ts";
import { framingOf, sendBody, type UpstreamRequest } from "./request.ts";
import { headText, joinedBehind } from "../message.ts";
import { type ResponseHead, ResponseReader, type ResponseSink } from "./response-reader.ts";

export interface PhaseLimits {
  readonly firstByteMs: number;
  readonly idleMs: number;
}

/** What a connection tells of the one exchange that it carries. */
export interface ExchangeEvents extends ResponseSink {
  /** So many bytes of the request's body have been handed to the connection. */
  uploaded(bytes: number): void;
  /** All of the answer that has arrived so far has been told. */
  flush(): void;
  /** The answer is complete and the connection has been dealt with. */
  settled(): void;
  /** The endpoint speaks the other protocol now. The socket belongs to whoever is told; `rest` came behind the head. */
  switched(head: ResponseHead, socket: Socket, rest: Buffer): void;
  failed(cause: Error, broken: Broken): void;
}

/** How an exchange stood when it failed. */
export interface Broken {
  readonly phase: Phase;
  /** Not a single byte of an answer had come. */
  readonly silent: boolean;
  /** The endpoint had taken all that there was of the request, and its client had more to send. */
  readonly bodyAwaited: boolean;
}

/**
 * One verified connection to an endpoint, which carries one exchange after the other. It owns its socket's events,
 * and the timeouts of the phases run on the socket's own timer, which costs nothing per chunk.
 */
export class Connection implements ResponseSink {
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #idleTime: IdleTime;
  readonly #freed: (connection: Connection) => void;
  #reader: ResponseReader | undefined;
  #events: ExchangeEvents | undefined;
  #phases: PhaseLimits = { firstByteMs: 0, idleMs: 0 };
  #phase: Phase = "wait";
  /** What the rest of the request's body comes from, until all of it has been sent. */
  #rest: Readable | undefined;
  /** Stops the body that is being sent. */
  #stopBody: (() => void) | undefined;
  #sent = true;
  #paused = false;
  #silent = true;
  #gone = false;
  /** Since when it carries nothing (`performance.now`). */
  #idleSinceMs = 0;
  /** How many exchanges it has carried to their end. */
  uses = 0;

  /**
   * @param freed called when an exchange has ended and the connection can carry another
   * @param closed called once, when the connection is no more
   */
  constructor(
    socket: Socket,
    turn: Turn,
    idleTime: IdleTime,
    freed: (connection: Connection) => void,
    closed: (connection: Connection) => void,
  ) {
    this.#socket = socket;
    this.#turn = turn;
    this.#idleTime = idleTime;
    this.#freed = freed;
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("end", () => this.#ended());
    socket.on("error", (error: Error) => this.#broke(error));
    socket.on("timeout", () => this.#timedOut());
    socket.on("close", () => {
      this.#broke(new ClosedEarly());
      closed(this);
    });
  }

  /** Whether it has been lost, or is being closed. */
  get gone(): boolean {
    return this.#gone || this.#socket.destroyed;
  }

  /** How long it has been idle. */
  get idleMs(): number {
    return performance.now() - this.#idleSinceMs;
  }

  /** Sends a request and reports its answer to `events`. The connection must be idle. */
  carry(request: UpstreamRequest, phases: PhaseLimits, events: ExchangeEvents): void {
    this.#events = events;
    this.#phases = phases;
    this.#phase = "wait";
    this.#paused = false;
    this.#silent = true;
    const { method, upgrade } = request;
    const switched =
      upgrade === undefined
        ? undefined
        : (head: ResponseHead, rest: Buffer): void => this.#handOver(head, rest);
    this.#reader = new ResponseReader(method, this, switched);
    this.#send(request);
  }

  /** For the reader of the answer, as those that follow. */
  informational(head: ResponseHead): void {
    this.#events?.informational(head);
  }

  head(head: ResponseHead): void {
    this.#phase = "stream";
    this.#events?.head(head);
  }

  get takesFramed(): boolean {
    return this.#events?.takesFramed ?? false;
  }

  data(chunk: Buffer): void {
    this.#events?.data(chunk);
  }

  framed(chunks: Buffer, bytes: number): void {
    this.#events?.framed?.(chunks, bytes);
  }

  end(rawTrailers: readonly string[]): void {
    this.#events?.end(rawTrailers);
  }

  /** Stops reading from the endpoint, because the client cannot take more now. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // Its silence counts from now: a timeout that came while nobody listened was let pass, and comes only once.
    if (this.#reader !== undefined) this.#socket.setTimeout(this.#phases.idleMs);
    this.#socket.resume();
  }

  /** Ends the connection at once, and with it the exchange, of which no more is told. */
  destroy(): void {
    this.#gone = true;
    this.#events = undefined;
    this.#stopBody?.();
    this.#socket.destroy();
  }

  #handOver(head: ResponseHead, rest: Buffer): void {
    const socket = this.#socket;
    const events = this.#events;
    this.#gone = true;
    this.#reader = undefined;
    this.#events = undefined;
    socket.setTimeout(0);
    for (const event of ["data", "end", "error", "timeout"]) socket.removeAllListeners(event);
    events?.switched(head, socket, rest);
  }

  #send(request: UpstreamRequest): void {
    const { body } = request;
    const socket = this.#socket;
    const firstLine = `${request.method} ${request.target} HTTP/1.1`;
    const head = headText(firstLine, request.headers, framingOf(request));
    this.#sent = false;
    this.#rest = body?.rest;
    // What is streamed is on its way at once: its body may break off within this turn.
    if (this.#rest === undefined) this.#turn.hold(socket);
    if (body === undefined || (body.rest === undefined && (body.length ?? 0) <= limits.smallBodyBytes)) {
      // Head and body in one write: one TLS record and one packet for most requests.
      const read = body?.read ?? [];
      socket.write(joinedBehind(head, read));
      for (const bytes of read) this.#events?.uploaded(bytes.length);
      this.#sentAll();
      return;
    }
    readBeforeFailing(socket);
    socket.setTimeout(this.#phases.idleMs);
    socket.write(head, "latin1");
    this.#stopBody = sendBody(socket, body, {
      uploaded: (bytes) => this.#events?.uploaded(bytes),
      sent: () => this.#sentAll(),
    });
  }

  #sentAll(): void {
    this.#sent = true;
    this.#rest = undefined;
    this.#stopBody = undefined;
    if (this.#phase === "wait") this.#silenceFor(this.#phases.firstByteMs);
  }

  #received(chunk: Buffer): void {
    const reader = this.#reader;
    // Nobody asked for anything: whatever this is, it must not become the answer to the next request. It may be the 408
    // with which some servers close an idle connection.
    if (reader === undefined) return this.#closedIdle();
    this.#silent = false;
    try {
      reader.read(chunk);
    } catch (error) {
      // Bytes behind a complete answer cost the connection, not the answer.
      if (reader.done) reader.keepAlive = false;
      else return this.#broke(error as Error);
    }
    if (reader.done && this.#reader === reader) this.#settle(reader);
    else {
      if (this.#phase === "stream") this.#silenceFor(this.#phases.idleMs);
      this.#events?.flush();
    }
  }

  /** Once set, whatever is written or read starts it anew. */
  #silenceFor(ms: number): void {
    if (this.#socket.timeout !== ms) this.#socket.setTimeout(ms);
  }

  #settle(reader: ResponseReader): void {
    const events = this.#events;
    this.#reader = undefined;
    this.#events = undefined;
    this.uses += 1;
    if (!reader.keepAlive || !this.#sent || this.#gone) this.destroy();
    else {
      this.resume();
      this.#idleSinceMs = performance.now();
      const keepMs = this.#idleTime.keepMs(reader.keepAliveHintMs, this.#idleSinceMs);
      if (keepMs > 0) {
        this.#silenceFor(keepMs);
        this.#freed(this);
      } else this.destroy();
    }
    events?.settled();
  }

  #ended(): void {
    const reader = this.#reader;
    if (reader === undefined) return this.#closedIdle();
    try {
      reader.close();
      this.#settle(reader);
    } catch {
      this.#broke(new ClosedEarly());
    }
  }

  #timedOut(): void {
    if (this.#reader === undefined) return this.destroy();
    // Silence counts only where the endpoint is the one that we wait for.
    if (!this.#paused && !this.#bodyAwaited) this.#broke(new PhaseTimeout(!this.#sent));
  }

  /** The endpoint has taken all that there was of the request, and the client has more to send. */
  get #bodyAwaited(): boolean {
    return this.#rest?.isPaused() === false && this.#socket.writableLength === 0;
  }

  /** The endpoint has closed it while it carried nothing. */
  #closedIdle(): void {
    if (!this.#gone) this.#idleTime.closedAfter(this.idleMs, performance.now());
    this.destroy();
  }

  #broke(cause: Error): void {
    if (this.#reader === undefined) return this.#closedIdle();
    const events = this.#events;
    const broken = { phase: this.#phase, silent: this.#silent, bodyAwaited: this.#bodyAwaited };
    this.destroy();
    this.#reader = undefined;
    events?.failed(cause, broken);
  }
}
