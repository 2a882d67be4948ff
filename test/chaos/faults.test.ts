import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { catalogue, type Code } from "../../src/errors/catalogue.ts";
import type { Ask, Client } from "../support/client.ts";
import { freePort } from "../support/openssl-server.ts";
import type { Exchange } from "../support/upstream.ts";
import { type Ending, type Rig, sightOf, startRig } from "./rig.ts";

// Longer than in earnest, so that a busy machine makes no difference to what is sent once more.
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  return { limits: { ...limits, staleMs: 30_000 } as unknown as typeof limits };
});

const long = "0123456789".repeat(100);
const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const get: Ask = { target: "/patient/v1/x" };
const post: Ask = { target: "/patient/v1/x", body: '{"a":1}' };
const prompt: Ask = { target: "/patient/v1/x", body: JSON.stringify({ a: "x".repeat(100_000) }) };
const picture: Ask = { target: "/patient/v1/x", body: JSON.stringify({ a: "x".repeat(3_000_000) }) };
const chunked: Ask = {
  method: "POST",
  target: "/patient/v1/x",
  headers: ["Transfer-Encoding: chunked"],
  body: "2\r\nab\r\n0\r\n\r\n",
};

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({
    patient: {},
    nowhere: { url: `https://127.0.0.1:${await freePort()}/v1` },
    "hasty-connect": { timeouts: { connect: "300ms" } },
    "hasty-wait": { timeouts: { "first-byte": "300ms" } },
    "hasty-stream": { timeouts: { idle: "300ms" } },
  });
});
afterEach(() => rig.reset());
afterAll(() => rig[Symbol.asyncDispose]());

const failing = (outcome: string, code: Code): Ending => ({ outcome, code, status: catalogue[code].status });

/** Expects that this request is answered with an error of ours and ends so. */
const refuses = (ask: Ask, ending: Ending): Promise<void> =>
  rig.ends(ending, async () => {
    expect(await sightOf(await rig.client(ask))).toEqual({ error: ending.code });
  });

/** Sends a request to an endpoint that does not answer by itself, and waits until it is there. */
async function pending(ask: Ask): Promise<{ client: Client; exchange: Exchange }> {
  rig.upstream.answer = () => {};
  const arrives = rig.upstream.next();
  const client = await rig.client(ask);
  const exchange = await arrives;
  return { client, exchange };
}

/** A request whose answer has begun, and whose client has read that beginning. */
async function streaming(ask: Ask): Promise<{
  exchange: Exchange;
  /** The rest of what the client gets, and whether it is whole. */
  rest: () => Promise<{ text: string; whole: boolean }>;
}> {
  const { client, exchange } = await pending(ask);
  await exchange.write(`${streamHead}5\r\nfirst\r\n`);
  const body = client.body(await client.head());
  const { value } = await body.next();
  expect(String(value)).toBe("first");
  const rest = async (): Promise<{ text: string; whole: boolean }> => {
    let text = "";
    try {
      for await (const piece of body) text += piece.toString();
      return { text, whole: true };
    } catch {
      return { text, whole: false };
    } finally {
      client.leave();
    }
  };
  return { exchange, rest };
}

/** Waits until the gateway has closed its connection, which a frozen one would not show. */
async function isClosed(): Promise<void> {
  rig.proxy.last.thaw();
  await rig.proxy.last.closed;
}

/** Leaves one idle connection in the pool. */
async function warmUp(): Promise<void> {
  const { connections } = rig.upstream;
  await rig.ends({ outcome: "done", status: 200 }, async () => {
    expect(await sightOf(await rig.client(get))).toMatchObject({ status: 200, whole: true });
  });
  expect(rig.upstream.connections).toBe(connections + 1);
  rig.upstream.exchanges = [];
}

describe("before the connection stands", () => {
  test("nobody listens: upstream-connect, upstream_refused, 502", () =>
    refuses({ target: "/nowhere/v1/x" }, failing("upstream-connect", "upstream_refused")));

  test("a reset at once: upstream-connect, upstream_closed, 502", async () => {
    rig.proxy.script = (link) => link.reset();
    await refuses(get, failing("upstream-connect", "upstream_closed"));
  });

  test("a close in the middle of the TLS handshake: upstream-connect, upstream_closed, 502", async () => {
    rig.proxy.script = (link) => link.truncate(100);
    await refuses(get, failing("upstream-connect", "upstream_closed"));
  });

  test("no byte of TLS: timeout-connect, upstream_connect_timeout, 504", async () => {
    rig.proxy.script = (link) => link.freeze();
    await refuses({ target: "/hasty-connect/v1/x" }, failing("timeout-connect", "upstream_connect_timeout"));
    await isClosed();
  });

  test("corrupted bytes of the TLS handshake: upstream-connect, upstream_tls_failed, 502", async () => {
    rig.proxy.script = (link) => link.corrupt();
    await refuses(get, failing("upstream-connect", "upstream_tls_failed"));
    expect(rig.upstream.exchanges).toEqual([]);
  });

  test("an answer and a handshake that come one byte at a time are whole: done, 200", async () => {
    rig.proxy.script = (link) => link.drip();
    rig.upstream.answer = (exchange) => exchange.json({ long });
    await rig.ends({ outcome: "done", status: 200 }, async () => {
      expect(await sightOf(await rig.client(get))).toEqual({
        status: 200,
        text: JSON.stringify({ long }),
        whole: true,
      });
    });
  });
});

describe("before the answer's head, on a fresh connection", () => {
  test("a reset is told and not repeated: upstream-wait, upstream_closed, 502", async () => {
    rig.upstream.answer = () => rig.proxy.last.reset();
    await refuses(post, failing("upstream-wait", "upstream_closed"));
    expect(rig.upstream.exchanges).toHaveLength(1);
  });

  test("a close is told and not repeated: upstream-wait, upstream_closed, 502", async () => {
    rig.upstream.answer = () => rig.proxy.last.close();
    await refuses(get, failing("upstream-wait", "upstream_closed"));
    expect(rig.upstream.exchanges).toHaveLength(1);
  });

  test("a head that is cut off: upstream-wait, upstream_closed, 502", async () => {
    rig.upstream.answer = async (exchange) => {
      await exchange.write("HTTP/1.1 200 OK\r\nContent-Ty");
      exchange.socket.end();
    };
    await refuses(get, failing("upstream-wait", "upstream_closed"));
  });

  test("corrupted TLS bytes: upstream-wait, and the client gets an error of ours", async () => {
    rig.upstream.answer = (exchange) => {
      rig.proxy.last.corrupt();
      return exchange.json({});
    };
    await refuses(get, failing("upstream-wait", "upstream_closed"));
  });

  test("an endpoint that never answers: timeout-wait, upstream_first_byte_timeout, 504", async () => {
    rig.upstream.answer = () => {};
    await refuses({ target: "/hasty-wait/v1/x" }, failing("timeout-wait", "upstream_first_byte_timeout"));
    await isClosed();
  });

  test("a half-open connection: timeout-wait, upstream_first_byte_timeout, 504", async () => {
    rig.upstream.answer = () => rig.proxy.last.freeze();
    await refuses({ target: "/hasty-wait/v1/x" }, failing("timeout-wait", "upstream_first_byte_timeout"));
    await isClosed();
  });

  test("an answer that was held up for a while is whole: done, 200", async () => {
    const { client, exchange } = await pending(get);
    await rig.ends({ outcome: "done", status: 200 }, async () => {
      rig.proxy.last.freeze();
      await exchange.json({ late: true });
      rig.proxy.last.thaw();
      expect(await sightOf(client)).toEqual({ status: 200, text: '{"late":true}', whole: true });
    });
  });

  test("a client that leaves a half-open connection: client-wait, and the connection is closed", async () => {
    const { client } = await pending(get);
    await rig.ends({ outcome: "client-wait", status: 0 }, async () => {
      rig.proxy.last.freeze();
      client.leave();
      await isClosed();
    });
  });
});

describe("within the answer, what came is passed on and the client's connection breaks", () => {
  test("a reset: upstream-stream, upstream_closed", () =>
    rig.ends({ outcome: "upstream-stream", code: "upstream_closed", status: 200 }, async () => {
      const { rest } = await streaming(get);
      rig.proxy.last.reset();
      expect(await rest()).toEqual({ text: "", whole: false });
    }));

  test("a close: upstream-stream, upstream_closed", () =>
    rig.ends({ outcome: "upstream-stream", code: "upstream_closed", status: 200 }, async () => {
      const { exchange, rest } = await streaming(get);
      await exchange.write("6\r\nsecond\r\n");
      exchange.socket.end();
      expect(await rest()).toEqual({ text: "second", whole: false });
    }));

  test("a truncation that TLS does not know of: upstream-stream, upstream_closed", () =>
    rig.ends({ outcome: "upstream-stream", code: "upstream_closed", status: 200 }, async () => {
      const { exchange, rest } = await streaming(get);
      rig.proxy.last.truncate(10);
      await exchange.write(`${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`);
      expect(await rest()).toEqual({ text: "", whole: false });
    }));

  test("corrupted TLS bytes: upstream-stream, upstream_closed", () =>
    rig.ends({ outcome: "upstream-stream", code: "upstream_closed", status: 200 }, async () => {
      const { exchange, rest } = await streaming(get);
      rig.proxy.last.corrupt();
      await exchange.write("6\r\nsecond\r\n0\r\n\r\n");
      expect(await rest()).toEqual({ text: "", whole: false });
    }));

  test("a half-open connection: timeout-stream, upstream_idle_timeout", () =>
    rig.ends({ outcome: "timeout-stream", code: "upstream_idle_timeout", status: 200 }, async () => {
      const { rest } = await streaming({ target: "/hasty-stream/v1/x" });
      rig.proxy.last.freeze();
      expect(await rest()).toEqual({ text: "", whole: false });
      await isClosed();
    }));

  test("a stream that comes one byte at a time from there on is whole: done, 200", () =>
    rig.ends({ outcome: "done", status: 200 }, async () => {
      const { exchange, rest } = await streaming(get);
      rig.proxy.last.drip();
      await exchange.write(`${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`);
      expect(await rest()).toEqual({ text: long, whole: true });
    }));
});

describe("on a connection that was used before", () => {
  for (const fault of ["close", "reset"] as const)
    test(`a ${fault} while it was idle is not noticed by the client: done, 200`, async () => {
      await warmUp();
      rig.proxy.last[fault]();
      await warmUp();
    });

  const repeated = {
    "without a body": get,
    "with a small body": post,
    "with a body of 100 kB": prompt,
    "with a body of 3 MB": picture,
  };
  for (const [name, ask] of Object.entries(repeated))
    test(`a request ${name} is sent once more when no byte of an answer came: done, 200`, async () => {
      await warmUp();
      rig.upstream.answer = async (exchange) => {
        if (rig.proxy.links.length === 1) return rig.proxy.last.reset();
        await exchange.body;
        await exchange.json({ again: true });
      };
      await rig.ends({ outcome: "done", status: 200 }, async () => {
        const sight = { status: 200, text: '{"again":true}', whole: true };
        expect(await sightOf(await rig.client(ask))).toEqual(sight);
      });
      const [, again] = rig.upstream.exchanges;
      expect(rig.upstream.exchanges).toHaveLength(2);
      expect((await again?.body)?.toString() === (ask.body ?? "")).toBe(true);
    });

  test("it is sent once more, and not twice more: upstream-wait, upstream_closed, 502", async () => {
    await warmUp();
    rig.upstream.answer = () => rig.proxy.last.reset();
    await refuses(post, failing("upstream-wait", "upstream_closed"));
    expect(rig.upstream.exchanges).toHaveLength(2);
  });

  test("it is not sent again when a byte of an answer came: upstream-wait, upstream_closed, 502", async () => {
    await warmUp();
    rig.upstream.answer = async (exchange) => {
      await exchange.write("H");
      exchange.socket.end();
    };
    await refuses(post, failing("upstream-wait", "upstream_closed"));
    expect(rig.upstream.exchanges).toHaveLength(1);
  });

  test("it is not sent again when an interim answer came: upstream-wait, upstream_closed, 502", async () => {
    await warmUp();
    rig.upstream.answer = async (exchange) => {
      await exchange.write("HTTP/1.1 103 Early Hints\r\n\r\n");
      exchange.socket.end();
    };
    await refuses(post, failing("upstream-wait", "upstream_closed"));
    expect(rig.upstream.exchanges).toHaveLength(1);
  });

  const tooLong = { target: "/patient/v1/x", body: "x".repeat(5_000_000) };
  for (const [name, ask] of Object.entries({ "in chunks": chunked, "and longer than 4 MiB": tooLong }))
    test(`a body that was streamed, ${name}, is gone, so it is not sent again: upstream-wait, 502`, async () => {
      await warmUp();
      rig.upstream.answer = () => rig.proxy.last.reset();
      await refuses(ask, failing("upstream-wait", "upstream_closed"));
      expect(rig.upstream.exchanges).toHaveLength(1);
    });

  test("a body that is streamed takes a new one, if that has been idle for more than a second: done, 200", async () => {
    await warmUp();
    await setTimeout(1_100);
    await rig.ends({ outcome: "done", status: 200 }, async () => {
      expect(await sightOf(await rig.client(chunked))).toMatchObject({ status: 200, whole: true });
    });
    expect(rig.proxy.links).toHaveLength(2);
  });

  test("a silent one is waited for and not tried again: timeout-wait, 504", async () => {
    const ask: Ask = { target: "/hasty-wait/v1/x", body: "{}" };
    expect(await sightOf(await rig.client(ask))).toMatchObject({ status: 200 });
    rig.upstream.exchanges = [];
    rig.upstream.answer = () => rig.proxy.last.freeze();
    await refuses(ask, failing("timeout-wait", "upstream_first_byte_timeout"));
    expect(rig.upstream.exchanges).toHaveLength(1);
  });
});
