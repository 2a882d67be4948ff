import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import type { Header } from "../support/wire.ts";

let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint();
});
afterEach(() => it.upstream.forget());
afterAll(() => it[Symbol.asyncDispose]());

const events = ['data: {"n":0}\n\n', "data: é", "\u{1f6aa}\n\n", ": ping\n", "data: [DONE]\n\n"];

/** Reads from a body until this much text is there. */
async function textOf(body: AsyncGenerator<Buffer, readonly Header[]>, bytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  for (let got = 0; got < bytes;) {
    const next = await body.next();
    if (next.done === true) break;
    pieces.push(next.value);
    got += next.value.length;
  }
  return Buffer.concat(pieces).toString();
}

/** Starts a request whose answer the test writes by hand. */
async function begin(target = "/v1/chat/completions") {
  it.upstream.answer = () => {};
  const arrival = it.upstream.next();
  const client = await connect(it.gateway.base);
  client.send({ target, headers: ["Content-Type: application/json"], body: '{"stream":true}' });
  return { client, exchange: await arrival };
}

describe("each piece reaches the client before the endpoint sends the next", () => {
  const total = events.reduce((sum, event) => sum + Buffer.byteLength(event), 0);
  const framings = {
    chunked: {
      headers: "Transfer-Encoding: chunked\r\n",
      frame: (event: string) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`,
      last: "0\r\n\r\n",
    },
    "with a length": { headers: `Content-Length: ${total}\r\n`, frame: (event: string) => event, last: "" },
    "until the connection closes": {
      headers: "Connection: close\r\n",
      frame: (event: string) => event,
      last: "",
    },
  };
  for (const [name, { headers, frame, last }] of Object.entries(framings))
    test(name, async () => {
      const { client, exchange } = await begin();
      await exchange.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${headers}\r\n`);
      // The head comes alone, before any byte of the body.
      const head = await client.head();
      const body = client.body(head);
      for (const event of events) {
        await exchange.write(frame(event));
        expect(await textOf(body, Buffer.byteLength(event))).toBe(event);
      }
      if (last === "") exchange.socket.end();
      else await exchange.write(last);
      expect((await body.next()).done).toBe(true);
      client.leave();
    });
});

test("an early hint reaches the client before the answer exists", async () => {
  const { client, exchange } = await begin();
  await exchange.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  expect(await client.wire.head()).toMatchObject({ start: "HTTP/1.1 103 Early Hints" });
  await exchange.json({});
  expect((await client.answer()).status).toBe(200);
  client.leave();
});

describe("an answer that breaks off is never made to look complete", () => {
  const cases = {
    "a chunked one": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "in the middle of a chunk": "Transfer-Encoding: chunked\r\n\r\n9\r\nhello",
    "one with a length": "Content-Length: 100\r\n\r\nhello",
  };
  for (const [name, rest] of Object.entries(cases))
    for (const way of ["closes", "resets"] as const)
      test(`${name}, when the endpoint ${way}`, async () => {
        const { client, exchange } = await begin();
        await exchange.write(`HTTP/1.1 200 OK\r\n${rest}`);
        // One that broke off before the gateway had passed on its head may be no answer at all.
        const answer = client.answer().catch(() => ({ text: "", cut: true }));
        if (way === "closes") exchange.socket.end();
        else {
          // Not before the bytes are through: a reset may overtake them.
          await new Promise((resolve) => setTimeout(resolve, 50));
          exchange.reset();
        }
        const { text, cut } = await answer;
        expect("hello".startsWith(text)).toBe(true);
        expect(cut).toBe(true);
        client.leave();
      });

  test("a chunk size that is no number", async () => {
    const { client, exchange } = await begin();
    await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n");
    const answer = await client.answer().catch(() => ({ cut: true }));
    expect(answer.cut).toBe(true);
    client.leave();
  });

  test("one that is reset where only a close would end it", async () => {
    const { client, exchange } = await begin();
    await exchange.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
    const head = await client.head();
    const body = client.body(head);
    expect(await textOf(body, 5)).toBe("hello");
    // A TLS connection that ends without close_notify was cut, by whomever (RFC 8446 section 6.1).
    exchange.reset();
    await expect(body.next()).rejects.toThrow();
  });
});

test("of a hundred exchanges at once, each client gets its own bytes and no other's", async () => {
  it.upstream.answer = async (exchange) => {
    const body = await exchange.body;
    await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let at = 0; at < body.length; at += 700) {
      const piece = body.subarray(at, at + 700);
      await exchange.write(
        Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]),
      );
    }
    await exchange.write("0\r\n\r\n");
  };
  const exchanges = Array.from({ length: 100 }, async (_, index) => {
    const body = `${index} `.repeat(500 + index * 10);
    const client = await connect(it.gateway.base);
    for (let round = 0; round < 3; round += 1) {
      client.send({ method: "POST", target: `/v1/${index}/${round}`, body: `${round}:${body}` });
      const answer = await client.answer();
      expect(answer.text === `${round}:${body}`, `client ${index}, round ${round}`).toBe(true);
    }
    client.leave();
  });
  await Promise.all(exchanges);
  expect(it.upstream.exchanges.length).toBe(300);
});

test("an endpoint that sends more than the client reads is slowed down, not buffered", async () => {
  const { client, exchange } = await begin();
  const piece = Buffer.alloc(64 * 1024, "x");
  const pieces = 3200; // 200 MiB in all
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${piece.length * pieces}\r\n\r\n`;
  await exchange.write(head);
  await client.head();
  client.socket.pause();
  let written = 0;
  void (async () => {
    while (written < pieces && !exchange.socket.destroyed) {
      await exchange.write(piece);
      written += 1;
    }
  })();
  // Waits until nothing has moved for a second.
  await eventually(async () => {
    const before = written;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (written !== before) throw new Error("bytes still move");
  });
  // What the kernel's buffers of three sockets hold at most; without backpressure it would be all of it.
  expect(written * piece.length).toBeLessThan(60 * 1024 * 1024);
  client.leave();
  await exchange.closed;
});
