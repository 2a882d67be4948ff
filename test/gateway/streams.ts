import { setTimeout as pause } from "node:timers/promises";
import { type Client, connect } from "../support/client.ts";
import { Cut, type Head } from "../support/wire.ts";
import type { Exchange, Upstream } from "../support/upstream.ts";

/** An event as the endpoint sends it: no two streams get the same one. */
const event = (target: string, number: number): string => `data: ${target.split("/").at(-1)} ${number}\n\n`;

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

interface Stream {
  readonly client: Client;
  /** All that came, and whether it came to its end. */
  readonly whole: Promise<{ readonly text: string; readonly cut: boolean }>;
}

async function read(client: Client, head: Head): Stream["whole"] {
  let text = "";
  try {
    for await (const piece of client.body(head)) text += piece.toString();
    return { text, cut: false };
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    return { text, cut: true };
  }
}

/** Streams that stay open through a gateway while a test changes things; the endpoint sends events when it is told to. */
export class Streams {
  readonly #exchanges: readonly Exchange[];
  readonly #streams: readonly Stream[];
  #sent = 0;

  private constructor(exchanges: readonly Exchange[], streams: readonly Stream[]) {
    this.#exchanges = exchanges;
    this.#streams = streams;
  }

  /**
   * Opens so many, each on a connection of its own, one after the other; resolves when all have their heads. Requests for
   * anything else are answered as before.
   */
  static async open(
    base: string,
    upstream: Upstream,
    count: number,
    headers: readonly string[] = [],
  ): Promise<Streams> {
    const streams: Stream[] = [];
    const exchanges: Exchange[] = [];
    const others = upstream.answer;
    upstream.answer = (exchange) => {
      if (!exchange.target.includes("/stream/")) return others(exchange);
      exchanges.push(exchange);
      return exchange.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
    };
    for (let number = 0; number < count; number += 1) {
      const client = await connect(base);
      client.socket.on("error", () => {});
      client.send({ target: `/private/v1/stream/${number}`, headers });
      const head = await client.head();
      streams.push({ client, whole: read(client, head) });
    }
    return new Streams(exchanges, streams);
  }

  /** Sends one event on each stream. */
  async send(): Promise<void> {
    this.#sent += 1;
    const sent = this.#sent;
    await Promise.all(
      this.#exchanges.map((exchange) =>
        Promise.race([exchange.write(chunk(event(exchange.target, sent))), exchange.closed]),
      ),
    );
  }

  /** Sends one after the other, so many milliseconds apart, until the signal. */
  async keepSending(everyMs: number, until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await this.send();
      await pause(everyMs);
    }
  }

  /** Ends all, and returns the numbers of those that lost or altered something, or were cut off. */
  async finish(): Promise<{ readonly wrong: readonly number[]; readonly cut: readonly number[] }> {
    await Promise.all(this.#exchanges.map((exchange) => exchange.write("0\r\n\r\n").catch(() => {})));
    const ends = await Promise.all(this.#streams.map(({ whole }) => whole));
    for (const { client } of this.#streams) client.leave();
    const expected = (number: number): string =>
      Array.from({ length: this.#sent }, (_, index) => event(String(number), index + 1)).join("");
    const where = (is: (end: (typeof ends)[number], number: number) => boolean): readonly number[] =>
      ends.flatMap((end, number) => (is(end, number) ? [number] : []));
    return {
      cut: where(({ cut }) => cut),
      wrong: where(({ text, cut }, number) =>
        cut ? !expected(number).startsWith(text) : text !== expected(number),
      ),
    };
  }
}
