import { createServer } from "node:http";
import { Duplex } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPlainRequest } from "../../src/gateway/local/plain-request.ts";
import { connect } from "../support/client.ts";
import { bearer, startGateway } from "../support/gateway.ts";
import { startUpstream } from "../support/upstream.ts";

/** One request as a parser reads it. */
interface Read {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** What Node's own parser makes of the bytes: the first request, and whether it refuses them. */
function byNode(bytes: Buffer): Promise<Read | "refused"> {
  const { promise, resolve } = Promise.withResolvers<Read | "refused">();
  const server = createServer({ requireHostHeader: false }, (req) => {
    const body: Buffer[] = [];
    req.on("data", (chunk: Buffer) => body.push(chunk));
    req.on("end", () =>
      resolve({
        method: req.method ?? "",
        target: req.url ?? "",
        rawHeaders: req.rawHeaders,
        body: Buffer.concat(body).toString("latin1"),
      }),
    );
  });
  server.on("clientError", () => resolve("refused"));
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  server.emit("connection", socket);
  socket.push(bytes);
  return promise.finally(() => socket.destroy());
}

/** The same by the grammar of plain requests, and how many of the bytes belong to it. */
function byUs(bytes: Buffer): (Read & { readonly used: number }) | undefined {
  const read = readPlainRequest(bytes, 1 << 16);
  if (read === undefined) return undefined;
  const { method, target, rawHeaders, bodyAt, length = 0 } = read;
  if (bytes.length < bodyAt + length) return undefined;
  const used = bodyAt + length;
  return { method, target, rawHeaders, body: bytes.toString("latin1", bodyAt, used), used };
}

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const anything = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const name = fc.constantFrom(
  ..."Host host Content-Length content-length Content-Type Connection Transfer-Encoding Expect".split(" "),
  ..."Upgrade Accept X-Request-Id Keep-Alive TE x_y Content_Length X:".split(" "),
  " X",
  "",
);
const value = fc.oneof(
  fc.constantFrom("localhost", "3", "03", "+3", "3, 3", "keep-alive", "close", "chunked", "websocket", ""),
  anything(12),
);
const line = fc
  .tuple(name, fc.constantFrom(": ", ":", ":  ", " : ", ":\t"), value, fc.constantFrom("\r\n", "\n", "\r"))
  .map(([header, colon, text, end]) => header + colon + text + end);
const method = fc.constantFrom("GET", "POST", "PUT", "HEAD", "get", "G ET", "OPTIONS");
const target = fc.oneof(
  fc.constantFrom("/", "/v1/chat/completions?x=1", "*", "http://localhost/", "//a", "/a b", "/ä"),
  anything(10).map((rest) => `/${rest}`),
);
const version = fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", "http/1.1");
const ordinary = fc
  .tuple(fc.constantFrom("GET", "POST"), fc.stringMatching(/^\/[!-~]{0,20}$/), fc.string({ maxLength: 30 }))
  .map(([verb, path, text]) =>
    verb === "GET"
      ? `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
      : `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${Buffer.byteLength(text, "latin1")}\r\n\r\n${text}`,
  );
const odd = fc
  .tuple(method, target, version, fc.array(line, { maxLength: 5 }), anything(8))
  .map(
    ([verb, path, http, lines, body]) =>
      `${verb} ${path} ${http}\r\nHost: localhost\r\n${lines.join("")}\r\n${body}`,
  );
/** A request with some of its bytes changed. */
const bent = fc
  .tuple(ordinary, fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }))
  .map(([text, changes]) => {
    const bytes = latin1(text);
    for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
    return bytes.toString("latin1");
  });

test("what is read as plain, Node's parser reads in the same way", async () => {
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(ordinary, odd, bent).map(latin1), async (bytes) => {
      const ours = byUs(bytes);
      if (ours === undefined) return;
      plain += 1;
      const { used, ...read } = ours;
      expect(await byNode(bytes.subarray(0, used))).toEqual(read);
    }),
    { numRuns: 5000 },
  );
  // Otherwise it would have compared nothing.
  expect(plain).toBeGreaterThan(500);
});

test("whatever stands there, a plain request has one Host, one length and nothing that changes its end", () => {
  fc.assert(
    fc.property(fc.oneof(odd, bent).map(latin1), (bytes) => {
      const ours = byUs(bytes);
      if (ours === undefined) return;
      const names = ours.rawHeaders.filter((_, i) => i % 2 === 0).map((header) => header.toLowerCase());
      expect(names.filter((header) => header === "host")).toHaveLength(1);
      expect(names.filter((header) => header === "content-length").length).toBe(
        ours.method === "GET" ? 0 : 1,
      );
      expect(names).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/transfer-encoding|upgrade|_/)]),
      );
      expect(ours.target).toMatch(/^\/[!-~]*$/);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["a head that has not come whole", "GET / HTTP/1.1\r\nHost: a\r\n"],
  ["HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n"],
  ["no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n"],
  ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"],
  ["a GET with a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na"],
  ["a POST without a length", "POST / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"],
  ["a length with a zero before", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 01\r\n\r\na"],
  ["a body too large to be read whole", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n"],
  ["chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  [
    "chunks beside a length",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["an expectation", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"],
  ["an upgrade", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"],
  ["a connection that is to close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
  ["a folded line", "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n"],
  ["a bare line feed", "GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n"],
  ["an underscore in a name", "GET / HTTP/1.1\r\nHost: a\r\nA_b: c\r\n\r\n"],
  ["a tab", "GET / HTTP/1.1\r\nHost: a\r\nA: b\tc\r\n\r\n"],
  ["a space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n"],
  ["another method", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target that is no path", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["an empty line in front", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"],
])("%s is left to Node's parser", (_what, text) => {
  expect(byUs(latin1(text))).toBeUndefined();
});

describe("a connection", () => {
  const post = (model: string, more = ""): string => {
    const body = JSON.stringify({ model });
    return `POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
  };
  const plain = (model: string): string => post(model);
  const byServer = (model: string): string => post(model, "Accept: a\tb\r\n");

  test("gives each request its answer, however its bytes are cut and whoever reads them", async () => {
    const upstream = await startUpstream();
    await using gateway = await startGateway(
      { endpoints: { one: { url: `${upstream.origin}/v1`, credentials: ["token"] } } },
      { token: bearer("canary-bearer-plain-2b6f") },
    );
    upstream.answer = async (exchange) => {
      const { model } = JSON.parse((await exchange.body).toString()) as { model: string };
      await exchange.json({ model });
    };
    // Plain ones, one that is not in their middle, and plain ones behind it on the same connection.
    const requests = [plain("a"), plain("b"), byServer("c"), plain("d")];
    const bytes = latin1(requests.join(""));
    const told = async (cuts: readonly number[]): Promise<string[]> => {
      const client = await connect(gateway.base);
      const at = [0, ...cuts, bytes.length];
      for (const [i, from] of at.slice(0, -1).entries()) {
        client.send(bytes.subarray(from, at[i + 1]));
        await new Promise(setImmediate);
      }
      const answers: string[] = [];
      for (const _ of requests) answers.push((await client.answer()).text);
      client.leave();
      return answers;
    };
    const right = ["a", "b", "c", "d"].map((model) => JSON.stringify({ model }));
    for (let cut = 1; cut < bytes.length; cut += 1) expect(await told([cut])).toEqual(right);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { minLength: 2, maxLength: 12 }), async (cuts) => {
        expect(await told(cuts.toSorted((a, b) => a - b))).toEqual(right);
      }),
      { numRuns: 60 },
    );
    await upstream.stop();
  });
});
