import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";

/** What is between the bytes of an endpoint and the gateway. */
type Passage = (bytes: Buffer) => Buffer | Promise<Buffer>;

/** One TCP connection of the gateway's through the proxy, with the faults that a test gives it. */
export class Link {
  readonly gateway: Socket;
  readonly endpoint: Socket;
  /** Settles when the gateway's side is closed. */
  readonly closed: Promise<void>;
  #passage: Passage = (bytes) => bytes;
  #passed: Promise<unknown> = Promise.resolve();

  constructor(gateway: Socket, endpoint: Socket) {
    this.gateway = gateway;
    this.endpoint = endpoint;
    this.closed = new Promise((resolve) => gateway.once("close", () => resolve()));
    for (const socket of [gateway, endpoint]) socket.setNoDelay(true).on("error", () => {});
    gateway.on("data", (bytes: Buffer) => endpoint.write(bytes));
    gateway.on("end", () => endpoint.end()).on("close", () => endpoint.destroy());
    // One after the other, however long each takes.
    endpoint.on("data", (bytes: Buffer) => {
      this.#passed = this.#pass(bytes, this.#passed);
    });
    endpoint.on("end", () => void this.#passed.then(() => gateway.end()));
  }

  async #pass(bytes: Buffer, before: Promise<unknown>): Promise<void> {
    await before;
    const passed = await this.#passage(bytes);
    if (passed.length > 0) this.gateway.write(passed);
  }

  /** Resets the gateway's side (RST), as a killed server does. */
  reset(): void {
    this.endpoint.destroy();
    this.gateway.resetAndDestroy();
  }

  /** Closes the gateway's side in good order, without a word of TLS. */
  close(): void {
    this.endpoint.destroy();
    this.gateway.end();
  }

  /** Becomes half-open: nothing passes any more, and nothing is closed. */
  freeze(): void {
    this.gateway.pause();
    this.endpoint.pause();
  }

  /** Lets pass what was kept back. */
  thaw(): void {
    this.gateway.resume();
    this.endpoint.resume();
  }

  /** Hands the endpoint's bytes over one at a time. */
  drip(): void {
    this.#passage = async (bytes) => {
      for (const byte of bytes) {
        this.gateway.write(Buffer.of(byte));
        await setImmediate();
      }
      return Buffer.alloc(0);
    };
  }

  /** Turns over one bit in the last byte of whatever the endpoint sends next. */
  corrupt(): void {
    this.#passage = (bytes) => {
      const last = bytes.length - 1;
      bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
      this.#passage = (untouched) => untouched;
      return bytes;
    };
  }

  /** Lets so many more bytes of the endpoint's pass, and then closes the gateway's side. */
  truncate(after: number): void {
    let left = after;
    this.#passage = (bytes) => {
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      if (left === 0) this.gateway.end(passed, () => this.close());
      return left === 0 ? Buffer.alloc(0) : passed;
    };
  }
}

/** A TCP proxy between the gateway and an endpoint, which does to each connection what the test says. */
export class FaultProxy implements AsyncDisposable {
  readonly origin: string;
  /** The connections since the last `forget`, in their order. */
  links: Link[] = [];
  /** What is done to each connection when it is made; nothing, unless a test says otherwise. */
  script: (link: Link) => void = () => {};
  readonly #server: Server;

  constructor(server: Server, endpoint: string) {
    this.#server = server;
    this.origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (gateway) => {
      const link = new Link(gateway, connect(Number(new URL(endpoint).port), "127.0.0.1"));
      this.links.push(link);
      this.script(link);
    });
  }

  /** The connection that was made last. */
  get last(): Link {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error("the gateway has made no connection");
    return link;
  }

  /** Resets every connection, and does no more to those that come. */
  forget(): void {
    for (const link of this.links) link.reset();
    this.links = [];
    this.script = () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.forget();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Starts a proxy to an endpoint's origin, on a free port of 127.0.0.1. */
export async function startFaultProxy(endpoint: string): Promise<FaultProxy> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return new FaultProxy(server, endpoint);
}
