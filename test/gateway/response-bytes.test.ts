import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask, connect } from "../support/client.ts";
import { accepted, type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { answerOf, chunked, cutAtRandom, essenceOf, randomOf, shapes } from "../support/shapes.ts";

let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint();
});
afterEach(() => it.upstream.forget());
afterAll(() => it[Symbol.asyncDispose]());

/** Answers with these bytes once the request is here; closes where only that ends the body. */
function answerWith(bytes: Buffer): void {
  it.upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.write(bytes);
    if (bytes.includes("Connection: close")) exchange.socket.end();
  };
}

const direct = (method = "GET") =>
  ask(it.upstream.origin, { method, target: "/openai/v1/shape" }, accepted(it.pki));

describe("an answer leaves the gateway as it left the endpoint", () => {
  for (const [name, bytes] of Object.entries(shapes))
    test(name, async () => {
      answerWith(bytes);
      const expected = await direct();
      const through = await it.gateway.ask({ target: "/v1/shape" });
      expect(essenceOf(through)).toEqual(essenceOf(expected));
      expect(it.upstream.exchanges.map(({ target }) => target)).toEqual([
        "/openai/v1/shape",
        "/openai/v1/shape",
      ]);
    });

  test("to HEAD, with the length of what GET would give", async () => {
    answerWith(answerOf("200 OK", ["Content-Length: 5000", 'ETag: W/"1"']));
    const expected = await direct("HEAD");
    const through = await it.gateway.ask({ method: "HEAD", target: "/v1/shape" });
    expect(essenceOf(through)).toEqual(essenceOf(expected));
    expect(it.upstream.exchanges.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
  });

  test("of an HTTP/1.0 server", async () => {
    it.upstream.answer = async (exchange) => {
      await exchange.write("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold");
      exchange.socket.end();
    };
    const through = await it.gateway.ask({ target: "/v1/shape" });
    expect([through.status, through.text, through.cut]).toEqual([200, "old", false]);
  });
});

test("however the endpoint's bytes are cut into packets, the answer is the same", async () => {
  const hints = Buffer.from("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  const body = chunked([Buffer.from("één"), Buffer.from("twee"), Buffer.from("🚪")], ["X-End: yes"], ";a=b");
  const bytes = Buffer.concat([hints, answerOf("200 OK", ["Transfer-Encoding: chunked", "X-A: b"], body)]);
  answerWith(bytes);
  const expected = essenceOf(await direct());
  for (let seed = 0; seed < 25; seed += 1) {
    const pieces = cutAtRandom(bytes, seed === 0 ? bytes.length * 4 : 2 + seed, randomOf(seed));
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      for (const piece of pieces) {
        await exchange.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    expect(essenceOf(await it.gateway.ask({ target: "/v1/shape" })), `seed ${seed}`).toEqual(expected);
  }
});

test("requests that follow each other on one connection get their own answers in order", async () => {
  it.upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.json({ target: exchange.target });
  };
  const client = await connect(it.gateway.base);
  for (const target of ["/v1/a", "/v1/b?x=1", "/v1/c"]) {
    client.send({ target });
    expect((await client.answer()).text).toBe(JSON.stringify({ target: `/openai${target}` }));
  }
  client.leave();
});

test("pipelined requests get their answers in the order in which they were asked", async () => {
  it.upstream.answer = async (exchange) => {
    await exchange.body;
    // The first is the slowest: its answer must still be the first.
    if (exchange.target.endsWith("/a")) await it.upstream.next();
    await exchange.json({ target: exchange.target });
  };
  const client = await connect(it.gateway.base);
  client.send({ target: "/v1/a" });
  client.send({ target: "/v1/b" });
  const second = new Promise<void>((resolve) => setTimeout(resolve, 300)).then(() =>
    it.gateway.ask({ target: "/v1/unblock" }),
  );
  expect((await client.answer()).text).toBe('{"target":"/openai/v1/a"}');
  expect((await client.answer()).text).toBe('{"target":"/openai/v1/b"}');
  await second;
  client.leave();
});

test("the answer to an HTTP/1.0 client is not chunked and ends with the connection", async () => {
  answerWith(
    answerOf("200 OK", ["Transfer-Encoding: chunked"], chunked([Buffer.from("ab"), Buffer.from("cd")])),
  );
  const through = await it.gateway.ask({ target: "/v1/shape", version: "HTTP/1.0" });
  expect([through.status, through.text, through.cut]).toEqual([200, "abcd", false]);
  expect(through.headers.map(([name]) => name.toLowerCase())).not.toContain("transfer-encoding");
});

test("the endpoint's hop-by-hop headers and those that its Connection names end at the gateway", async () => {
  answerWith(
    answerOf(
      "200 OK",
      [
        "Connection: keep-alive, X-Hop",
        "X-Hop: 1",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: x",
        "Content-Length: 2",
      ],
      "ok",
    ),
  );
  const through = await it.gateway.ask({ target: "/v1/shape" });
  expect(through.text).toBe("ok");
  const names = through.headers.map(([name]) => name.toLowerCase());
  expect(names).not.toContain("x-hop");
  expect(names).not.toContain("proxy-connection");
  expect(through.headers).not.toContainEqual(["Keep-Alive", "timeout=5"]);
});

test.each([
  ["on the plain path", []],
  ["on Node's", ["TE: trailers"]],
])("a length that an endpoint gives with 204 or 1xx ends at the gateway (%s)", async (_path, headers) => {
  it.upstream.hangUp();
  answerWith(
    Buffer.from(
      "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nX-A: b\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 5\r\nX-A: b\r\n\r\n",
    ),
  );
  const client = await connect(it.gateway.base);
  client.send({ target: "/v1/x", headers });
  const answer = await client.answer();
  expect(answer.status).toBe(204);
  for (const { headers: got } of [answer, ...answer.informational]) {
    const names = got.map(([name]) => name.toLowerCase());
    expect(names).toContain("x-a");
    expect(names).not.toContain("content-length");
    expect(names).not.toContain("transfer-encoding");
  }
  expect(answer.informational).toHaveLength(1);
  answerWith(answerOf("200 OK", ["Content-Length: 2"], "ok"));
  client.send({ target: "/v1/x", headers });
  expect((await client.answer()).text).toBe("ok");
  client.leave();
});

test("an endpoint that announces a body with 204 gets its next request on another connection", async () => {
  it.upstream.hangUp();
  it.upstream.forget();
  answerWith(Buffer.from("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"));
  expect((await it.gateway.ask({ target: "/v1/x" })).status).toBe(204);
  it.upstream.answer = (exchange) => exchange.json({});
  expect((await it.gateway.ask({ target: "/v1/x" })).status).toBe(200);
  expect(it.upstream.connections).toBe(2);
});
