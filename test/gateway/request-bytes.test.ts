import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { bytesOfSize, chunked, cutAtRandom, randomOf } from "../support/shapes.ts";
import { valuesOf } from "../support/wire.ts";

let it: PrivateEndpoint;
beforeAll(async () => {
  // A second endpoint, so that /v1 has to look for the model.
  it = await startPrivateEndpoint({
    endpoint: { models: ["whisper", "m"] },
    others: (origin) => ({
      other: { url: `${origin}/other`, credentials: ["gen-cert"], ca: "server-ca.pem", models: ["o"] },
    }),
  });
});
afterEach(() => it.upstream.forget());
afterAll(() => it[Symbol.asyncDispose]());

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** What `FormData` of an SDK writes: the file before the model. */
function multipart(file: Buffer): { readonly type: string; readonly body: Buffer } {
  const boundary = "----formdata-undici-053421";
  const part = (disposition: string, more = "") =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n`;
  return {
    type: `Content-Type: multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([
      Buffer.from(part('name="file"; filename="speech.mp3"', "Content-Type: audio/mpeg\r\n")),
      file,
      Buffer.from(
        `\r\n${part('name="model"')}whisper\r\n${part('name="language"')}de\r\n--${boundary}--\r\n`,
      ),
    ]),
  };
}

const json = (text: string): Buffer => Buffer.from(text);
const type = "Content-Type: application/json";
const form = multipart(bytesOfSize(3_000_000));

describe("a request's body arrives as it was sent", () => {
  const cases: Record<string, { target: string; type: string; body: Buffer }> = {
    "JSON with odd spacing and escapes": {
      target: "/v1/chat/completions",
      type,
      body: json(
        '{ "messages":[{"content":"caf\\u00e9 \\/ é"}] ,\r\n\t"model" : "m", "n":1.0e0, "big":12345678901234567890 }\n',
      ),
    },
    "multipart with the model after a big file": {
      target: "/v1/audio/transcriptions",
      type: form.type,
      body: form.body,
    },
    "gzip on a route that needs no model": {
      target: "/private/v1/chat/completions",
      type: `${type}\r\nContent-Encoding: gzip`,
      body: gzipSync(json('{"model":"m"}')),
    },
    "bytes that are nothing in particular": {
      target: "/private/v1/blob",
      type: "Content-Type: application/octet-stream",
      body: bytesOfSize(1_000_001),
    },
    "JSON that is none, on a route that needs no model": {
      target: "/private/v1/x",
      type,
      body: json('{"model":'),
    },
    "an empty body": { target: "/private/v1/x", type, body: Buffer.alloc(0) },
    "text without a type": { target: "/private/v1/x", type: "X-None: 1", body: json("plain") },
  };
  for (const [name, { target, type, body }] of Object.entries(cases)) {
    test(`${name}, with a length`, async () => {
      expect((await it.gateway.ask({ method: "POST", target, headers: [type], body })).status).toBe(200);
      const [exchange] = it.upstream.exchanges;
      expect(sha256((await exchange?.body) ?? Buffer.alloc(0))).toBe(sha256(body));
      expect(valuesOf(exchange?.head ?? { start: "", headers: [] }, "content-length")).toEqual([
        String(body.length),
      ]);
    });
    test(`${name}, chunked`, async () => {
      const pieces = body.length === 0 ? [] : cutAtRandom(body, 12, randomOf(body.length));
      const headers = [type, "Transfer-Encoding: chunked"];
      expect((await it.gateway.ask({ method: "POST", target, headers, body: chunked(pieces) })).status).toBe(
        200,
      );
      const [exchange] = it.upstream.exchanges;
      expect(sha256((await exchange?.body) ?? Buffer.alloc(0))).toBe(sha256(body));
    });
  }
});

describe("every method passes", () => {
  const methods = [
    "GET",
    "DELETE",
    "PUT",
    "PATCH",
    "OPTIONS",
    "HEAD",
    "POST",
    "QUERY",
    "PROPFIND",
    "REPORT",
    "PURGE",
  ];
  for (const method of methods)
    test(method, async () => {
      const answer = await it.gateway.ask({ method, target: "/private/v1/files/f-1" });
      expect(answer.status).toBe(200);
      expect(it.upstream.exchanges[0]?.head.start).toBe(`${method} /openai/v1/files/f-1 HTTP/1.1`);
    });

  test("GET and DELETE with a body", async () => {
    for (const method of ["GET", "DELETE"]) {
      await it.gateway.ask({ method, target: "/private/v1/x", body: '{"a":1}' });
      expect((await it.upstream.exchanges.at(-1)?.body)?.toString()).toBe('{"a":1}');
    }
  });

  test("a request without a body gets none", async () => {
    await it.gateway.ask({ target: "/private/v1/x" });
    const names = it.upstream.exchanges[0]?.head.headers.map(([name]) => name.toLowerCase());
    expect(names).not.toContain("content-length");
    expect(names).not.toContain("transfer-encoding");
  });
});

describe("a request's body is streamed", () => {
  for (const coding of ["with a length", "chunked"] as const)
    test(`${coding}: the endpoint has each piece before the client sends the next`, async () => {
      const arrival = it.upstream.next();
      const client = await connect(it.gateway.base);
      const pieces = ["first", "second", "third"].map((word) => Buffer.from(word));
      // Up to 4 MiB, a body with a length is read whole first.
      const padding = Buffer.alloc(5_000_000, " ");
      const length = 16 + padding.length;
      const framing = coding === "chunked" ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`;
      client.send(`POST /private/v1/x HTTP/1.1\r\nHost: ${client.authority}\r\n${framing}\r\n\r\n`);
      let sent = 0;
      for (const piece of pieces) {
        client.send(coding === "chunked" ? chunked([piece]).subarray(0, -5) : piece);
        sent += piece.length;
        await (await arrival).received(sent);
      }
      client.send(coding === "chunked" ? "0\r\n\r\n" : padding);
      expect((await client.answer()).status).toBe(200);
      expect((await (await arrival).body).toString().trimEnd()).toBe("firstsecondthird");
      client.leave();
    });

  test("what follows the model is not waited for", async () => {
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    const start = '{"model":"m","messages":[';
    client.send(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: ${client.authority}\r\n${type}\r\nContent-Length: 5000000\r\n\r\n${start}`,
    );
    await (await arrival).received(start.length);
    client.leave();
    await (
      await arrival
    ).closed;
  });

  test("an answer that comes before the request's end is passed on at once", async () => {
    it.upstream.answer = (exchange) => exchange.json({ error: "too large" }, "413 Content Too Large");
    const client = await connect(it.gateway.base);
    client.send(
      `POST /private/v1/x HTTP/1.1\r\nHost: ${client.authority}\r\nContent-Length: 10000000\r\n\r\nbegin`,
    );
    expect(await client.answer()).toMatchObject({ status: 413, text: '{"error":"too large"}' });
    client.leave();
  });
});

test("a request's trailers are not turned into anything else", async () => {
  const body = chunked([Buffer.from("ab")], ["X-Checksum: 12", "Authorization: Bearer smuggled"]);
  const answer = await it.gateway.ask({
    method: "POST",
    target: "/private/v1/x",
    headers: ["Transfer-Encoding: chunked", "Trailer: X-Checksum"],
    body,
  });
  expect(answer.status).toBe(200);
  const [exchange] = it.upstream.exchanges;
  expect((await exchange?.body)?.toString()).toBe("ab");
  expect(JSON.stringify(exchange?.head)).not.toContain("smuggled");
});
