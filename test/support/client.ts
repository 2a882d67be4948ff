import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { once } from "node:events";
import { Cut, framingOf, type Head, type Header, Wire } from "./wire.ts";

/** A request in its own words; `Host` and the body's length are added where its headers do not say them. */
export interface Ask {
  readonly method?: string;
  readonly target: string;
  readonly version?: string;
  /** Header lines as they go on the wire: "Name: value". */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

/** One answer as it came over the wire. */
export interface Answer extends Head {
  readonly status: number;
  readonly reason: string;
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: readonly Header[];
  /** The 1xx answers that came before. */
  readonly informational: readonly Head[];
  /** Whether the connection ended inside the body. */
  readonly cut: boolean;
}

/** The bytes of a request. */
function bytesOf(ask: Ask, authority: string): Buffer {
  const lines = [...(ask.headers ?? [])];
  const says = (name: string): boolean => lines.some((line) => line.toLowerCase().startsWith(`${name}:`));
  if (!says("host")) lines.unshift(`Host: ${authority}`);
  const body = Buffer.from(ask.body ?? "");
  if (ask.body !== undefined && !says("content-length") && !says("transfer-encoding"))
    lines.push(`Content-Length: ${body.length}`);
  const start = `${ask.method ?? (ask.body === undefined ? "GET" : "POST")} ${ask.target} ${ask.version ?? "HTTP/1.1"}`;
  return Buffer.concat([Buffer.from([start, ...lines, "", ""].join("\r\n"), "latin1"), body]);
}

/** A connection whose every byte the test writes and reads itself. */
export class Client {
  readonly socket: Socket;
  readonly wire: Wire;
  readonly authority: string;
  readonly informational: Head[] = [];
  #method = "GET";

  constructor(socket: Socket, authority: string) {
    this.socket = socket;
    this.wire = new Wire(socket);
    this.authority = authority;
  }

  /** Sends a request, or bytes as they are. */
  send(what: Ask | Buffer | string): void {
    if (typeof what === "string" || Buffer.isBuffer(what)) {
      this.socket.write(what);
      return;
    }
    this.#method = what.method ?? "GET";
    this.socket.write(bytesOf(what, this.authority));
  }

  /** The head of the final answer; 1xx answers are kept in `informational`. Throws `Cut` when none comes. */
  async head(): Promise<Head> {
    for (;;) {
      const head = await this.wire.head();
      if (head === undefined) throw new Cut("the connection ended without an answer");
      if (!/^HTTP\/1\.\d 1(?!01)/.test(head.start)) return head;
      this.informational.push(head);
    }
  }

  /** The pieces of the body that belongs to this head. */
  body(head: Head): AsyncGenerator<Buffer, readonly Header[]> {
    const bodiless = this.#method === "HEAD" || / (204|304)( |$)/.test(head.start);
    return this.wire.body(bodiless ? { bytes: 0 } : framingOf(head, "until close"));
  }

  /** The whole answer. */
  async answer(): Promise<Answer> {
    const head = await this.head();
    const [, status = "", reason = ""] = /^HTTP\/1\.\d (\d{3}) ?(.*)$/.exec(head.start) ?? [];
    const pieces: Buffer[] = [];
    let trailers: readonly Header[] = [];
    let cut = false;
    try {
      const body = this.body(head);
      let next = await body.next();
      for (; next.done !== true; next = await body.next()) pieces.push(next.value);
      trailers = next.value;
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
      cut = true;
    }
    const bytes = Buffer.concat(pieces);
    const { informational } = this;
    return {
      ...head,
      status: Number(status),
      reason,
      body: bytes,
      text: bytes.toString(),
      trailers,
      informational,
      cut,
    };
  }

  /** Leaves as a killed program does: the connection is reset. */
  leave(): void {
    this.socket.destroy();
  }
}

/** Connects to a base URL: `http://…`, `https://…` (with these TLS options), or `unix:/path`. */
export async function connect(base: string, tls: ConnectionOptions = {}): Promise<Client> {
  if (base.startsWith("unix:")) {
    const socket = connectTcp(base.slice("unix:".length));
    await once(socket, "connect");
    return new Client(socket, "localhost");
  }
  const { protocol, hostname, port, host } = new URL(base);
  const to = { host: hostname.replaceAll(/[[\]]/g, ""), port: Number(port) };
  const socket = protocol === "https:" ? connectTls({ ...to, ...tls }) : connectTcp(to);
  await once(socket, protocol === "https:" ? "secureConnect" : "connect");
  return new Client(socket, host);
}

/** Sends one request over a connection of its own and returns its answer. */
export async function ask(base: string, what: Ask | string, tls?: ConnectionOptions): Promise<Answer> {
  const client = await connect(base, tls);
  try {
    client.send(what);
    return await client.answer();
  } finally {
    client.leave();
  }
}

/** The body of one of Postern's own errors. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string;
}

/** Reads an answer as one of Postern's own errors; fails where it is not shaped like one. */
export function errorIn(answer: Pick<Answer, "text">): OpenAiError {
  const body = JSON.parse(answer.text) as { error: OpenAiError };
  const keys = Object.keys(body.error).sort().join();
  if (Object.keys(body).join() !== "error" || keys !== "code,message,param,type")
    throw new Error(`not OpenAI's shape: ${answer.text}`);
  return body.error;
}
