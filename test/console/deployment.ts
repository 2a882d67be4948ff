import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { makeCredentials } from "../../src/sandbox/credentials.ts";
import { exchange } from "../../src/sandbox/exchange.ts";
import { type Arrived, Arrivals } from "../../src/sandbox/record.ts";
import type { Folder } from "../support/folder.ts";

/** How many words of an answer are sent before a pause takes hold. */
const wordsBeforePause = 4;

/** A sandbox that trusts the CA that it is given, as a deployment of the platform does, and that answers when the test wants. */
export class Deployment implements AsyncDisposable {
  readonly url: string;
  /** The file of the CA that signed its own certificate. */
  readonly ca: string;
  readonly #server: Server;
  readonly #arrivals: Arrivals;
  readonly #paused: Set<ServerResponse>;
  #pausing = false;

  private constructor(server: Server, ca: string) {
    this.#server = server;
    this.#arrivals = new Arrivals(100);
    this.#paused = new Set();
    this.ca = ca;
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/openai/v1`;
  }

  /** @param clientCa the CA of the certificates that it lets in; PEM */
  static async start(folder: Folder, clientCa: string): Promise<Deployment> {
    const now = new Date();
    const credentials = await makeCredentials([], now);
    const { certificate, key } = credentials.server;
    const server = createServer({
      cert: certificate,
      key: key.expose(),
      ca: clientCa,
      requestCert: true,
      rejectUnauthorized: true,
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const it = new Deployment(server, folder.write("deployment-ca.pem", credentials.serverCa));
    const place = { credentials, arrivals: it.#arrivals, created: Math.floor(now.getTime() / 1000) };
    server.on("request", (request, response) => {
      it.#slowDown(response);
      void exchange(request, response, place);
    });
    return it;
  }

  /** The chats that have arrived, the last one last. */
  get chats(): readonly Arrived[] {
    return this.#arrivals.list.filter(({ target }) => target.endsWith("/chat/completions"));
  }

  /** Of the certificate that the last request brought. */
  get serial(): string | undefined {
    return this.#arrivals.list.at(-1)?.client?.serial;
  }

  /** From now on an answer stands still after its first words, until `resume`. */
  pause(): void {
    this.#pausing = true;
  }

  resume(): void {
    this.#pausing = false;
    for (const response of this.#paused) response.emit("drain");
    this.#paused.clear();
  }

  /** Makes a response say, as a slow connection does, that it takes no more for now. */
  #slowDown(response: ServerResponse): void {
    const write = response.write.bind(response) as (text: string) => boolean;
    let count = 0;
    response.write = (text: string): boolean => {
      const goesOn = write(text);
      count += 1;
      if (!this.#pausing || count <= wordsBeforePause) return goesOn;
      this.#paused.add(response);
      return false;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
