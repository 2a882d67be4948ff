import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/gateway/limits.ts";
import { type ResponseHead, ResponseReader, WireError } from "../../src/gateway/upstream/response-reader.ts";

/** All that a reader told of one answer, in an order that does not depend on how its bytes were cut. */
interface Told {
  readonly heads: readonly ResponseHead[];
  readonly body: string;
  readonly trailers: readonly string[] | undefined;
  readonly keepAlive: boolean;
  readonly failed: boolean;
}

/** Feeds an answer cut at these points, and then the end of the connection. */
function read(bytes: Buffer, cuts: readonly number[], method = "GET", takesFramed = false): Told {
  const heads: ResponseHead[] = [];
  const body: Buffer[] = [];
  let trailers: readonly string[] | undefined;
  let failed = false;
  const reader = new ResponseReader(method, {
    informational: (head) => heads.push(head),
    head: (head) => heads.push(head),
    data: (chunk) => body.push(chunk),
    takesFramed,
    framed(chunks, count) {
      const content = contentOf(chunks);
      if (content.length !== count) throw new Error(`${content.length} bytes were counted as ${count}`);
      body.push(content);
    },
    end: (given) => (trailers = given),
  });
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  try {
    for (const [i, from] of at.slice(0, -1).entries()) reader.read(bytes.subarray(from, at[i + 1]));
    reader.close();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    failed = true;
  }
  return {
    heads,
    body: Buffer.concat(body).toString("latin1"),
    trailers,
    keepAlive: reader.keepAlive,
    failed,
  };
}

/** The content of whole chunks, read by the letter of RFC 9112 §7.1. */
function contentOf(chunks: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < chunks.length) {
    const line = chunks.indexOf("\r\n", at);
    const size = Number.parseInt(chunks.toString("latin1", at, line), 16);
    if (!/^[0-9a-fA-F]+$/.test(chunks.toString("latin1", at, line)) || size === 0)
      throw new Error("no chunk");
    parts.push(chunks.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
    if (chunks.toString("latin1", at - 2, at) !== "\r\n") throw new Error("a chunk without its end");
  }
  return Buffer.concat(parts);
}

const cuts = fc.array(fc.nat(1 << 20), { maxLength: 40 });
const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
const text = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/);
const framing = new Set(["content-length", "transfer-encoding", "connection", "keep-alive"]);
const field = fc.tuple(
  token.filter((name) => !framing.has(name.toLowerCase())),
  text,
);
const fields = fc.array(field, { maxLength: 5 });
const lines = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${name}:${value}\r\n`).join("");

/** What a field's value is without the white space around it (RFC 9110 §5.5). */
const flat = (pairs: readonly (readonly [string, string])[]): string[] =>
  pairs.flatMap(([name, value]) => [name, value.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "")]);

const bodyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1"));

/** A well-formed answer, and what must be told of it. */
interface Answer {
  readonly bytes: Buffer;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

const counted = fc.record({ fields, body: bodyBytes }).map(({ fields: given, body }): Answer => {
  const all = [...given, ["Content-Length", String(body.length)] as const];
  return {
    bytes: Buffer.from(`HTTP/1.1 200 OK\r\n${lines(all)}\r\n${body}`, "latin1"),
    rawHeaders: flat(all),
    body,
    trailers: [],
  };
});

const chunk = fc.record({
  data: bodyBytes.filter((data) => data !== ""),
  extension: fc.constantFrom("", ";a=b", " ;x", ';q="\r'.slice(0, 3)),
  zeros: fc.nat(3),
  upper: fc.boolean(),
});
const chunked = fc
  .record({ fields, chunks: fc.array(chunk, { maxLength: 6 }), trailers: fields })
  .map(({ fields: given, chunks, trailers }): Answer => {
    const all = [...given, ["transfer-encoding", " Chunked "] as const];
    const parts = chunks.map(({ data, extension, zeros, upper }) => {
      const size = "0".repeat(zeros) + data.length.toString(16);
      return `${upper ? size.toUpperCase() : size}${extension}\r\n${data}\r\n`;
    });
    return {
      bytes: Buffer.from(
        `HTTP/1.1 200\r\n${lines(all)}\r\n${parts.join("")}0\r\n${lines(trailers)}\r\n`,
        "latin1",
      ),
      rawHeaders: flat(all),
      body: chunks.map(({ data }) => data).join(""),
      trailers: flat(trailers),
    };
  });

const untilClose = fc.record({ fields, body: bodyBytes }).map(({ fields: given, body }): Answer => ({
  bytes: Buffer.from(`HTTP/1.0 200 \r\n${lines(given)}\r\n${body}`, "latin1"),
  rawHeaders: flat(given),
  body,
  trailers: [],
}));

const answer = fc.oneof(counted, chunked, untilClose);

describe("the reader of answers", () => {
  test("tells a well-formed answer as it was written, however its bytes are cut", () => {
    fc.assert(
      fc.property(answer, cuts, ({ bytes, rawHeaders, body, trailers }, at) => {
        const told = read(bytes, at);
        expect(told).toMatchObject({ failed: false, body, trailers });
        expect(told.heads.map((head) => head.rawHeaders)).toEqual([rawHeaders]);
      }),
      { numRuns: 500 },
    );
  });

  test("tells the same of any bytes at all, whether they come whole or cut, and told one by one", () => {
    const broken = fc
      .tuple(
        answer,
        fc.array(fc.tuple(fc.nat(1 << 20), fc.constantFrom("", "\r", "\n", " ", "0", ":", "\0", "\r\n"))),
      )
      .map(([{ bytes }, changes]) =>
        changes.reduce((changed, [at, what]) => {
          const from = at % (changed.length + 1);
          return Buffer.concat([changed.subarray(0, from), Buffer.from(what), changed.subarray(from + 1)]);
        }, bytes),
      );
    fc.assert(
      fc.property(broken, cuts, fc.constantFrom("GET", "HEAD"), (bytes, at, method) => {
        const whole = read(bytes, [], method);
        // The bytes before the fault are told by both; where a fault ends a piece, the piece is not told twice.
        expect(read(bytes, at, method)).toEqual(whole);
        expect(read(bytes, [...bytes.keys()], method)).toEqual(whole);
        // And the same content by whoever takes chunks as they came.
        expect(read(bytes, [], method, true)).toEqual(whole);
        expect(read(bytes, at, method, true)).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test("an answer that ends early is never told as complete", () => {
    fc.assert(
      fc.property(fc.oneof(counted, chunked), fc.nat(1 << 20), cuts, ({ bytes }, end, at) => {
        const told = read(bytes.subarray(0, end % bytes.length), at);
        expect(told).toMatchObject({ failed: true, trailers: undefined, keepAlive: false });
      }),
      { numRuns: 500 },
    );
  });

  test("1xx answers come before the answer and change nothing in it", () => {
    const interim = fc
      .tuple(fc.constantFrom(100, 102, 103), fields)
      .map(([status, given]) => Buffer.from(`HTTP/1.1 ${status} x\r\n${lines(given)}\r\n`, "latin1"));
    fc.assert(
      fc.property(fc.array(interim, { maxLength: 3 }), answer, cuts, (before, { bytes }, at) => {
        const told = read(Buffer.concat([...before, bytes]), at);
        const alone = read(bytes, []);
        expect(told.heads.slice(before.length)).toEqual(alone.heads);
        expect({ ...told, heads: [] }).toEqual({ ...alone, heads: [] });
      }),
    );
  });

  test.each([
    ["a length and chunks", "Content-Length: 1\r\nTransfer-Encoding: chunked"],
    ["two lengths", "Content-Length: 1\r\nContent-Length: 1"],
    ["a list of lengths", "Content-Length: 1, 1"],
    ["a signed length", "Content-Length: +1"],
    ["a hexadecimal length", "Content-Length: 0x1"],
    ["an empty length", "Content-Length:"],
    ["a length beyond all numbers", "Content-Length: 99999999999999999999"],
    ["a coding beside chunked", "Transfer-Encoding: gzip, chunked"],
    ["chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"],
    ["another coding", "Transfer-Encoding: identity"],
    ["chunked with what is no white space", "Transfer-Encoding: chunked\xa0"],
    ["a vertical tab", "Transfer-Encoding: \x0bchunked"],
    ["white space before the colon", "Content-Length : 1"],
    ["a continued line", "X: a\r\n b"],
    ["a line without a colon", "X"],
    ["a line without a name", ": x"],
    ["a bare line feed", "X: a\nContent-Length: 1"],
    ["a bare carriage return", "X: a\rContent-Length: 1"],
    ["a zero byte", "X: a\0b"],
  ])("an answer with %s is refused", (_what, header) => {
    const told = read(Buffer.from(`HTTP/1.1 200 OK\r\n${header}\r\n\r\nx`, "latin1"), []);
    expect(told).toMatchObject({ failed: true, heads: [], body: "" });
  });

  test.each([
    "HTTP/1.1 099 x",
    "HTTP/1.1 20 x",
    "HTTP/1.1 2000 x",
    "HTTP/1.1  200 x",
    "HTTP/2 200 x",
    "HTTP/1.2 200 x",
    "http/1.1 200 x",
    " HTTP/1.1 200 x",
    "HTTP/1.1 101 Switching Protocols",
  ])("the status line %j is refused", (line) => {
    expect(read(Buffer.from(`${line}\r\nContent-Length: 0\r\n\r\n`), []).failed).toBe(true);
  });

  test.each(["-1", "0x1", "", " 1", "1 1", "g", "1\n", "100000000000000", "1;\n"])(
    "the chunk size %j is refused",
    (size) => {
      const bytes = Buffer.from(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nx\r\n0\r\n\r\n`,
      );
      expect(read(bytes, []).failed).toBe(true);
    },
  );

  test("a head is refused beyond its limit and taken at it, however it is cut", () => {
    const head = (length: number): Buffer => {
      const start = "HTTP/1.1 204 x\r\nX: ";
      return Buffer.from(`${start}${"y".repeat(length - start.length)}\r\n\r\n`);
    };
    fc.assert(
      fc.property(cuts, (at) => {
        const near = [...at, limits.responseHeadBytes + 1, limits.responseHeadBytes + 3];
        expect(read(head(limits.responseHeadBytes), near).failed).toBe(false);
        expect(read(head(limits.responseHeadBytes + 1), near).failed).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("1xx answers are refused beyond the same limit in all and taken at it, however they are cut", () => {
    const kibibyte = `HTTP/1.1 103 x\r\nX: ${"y".repeat(1001)}\r\n\r\n`;
    const behind = (count: number): Buffer => Buffer.from(`${kibibyte.repeat(count)}HTTP/1.1 204 x\r\n\r\n`);
    const most = limits.responseHeadBytes / 1024;
    fc.assert(
      fc.property(cuts, (at) => {
        expect(read(behind(most), at)).toMatchObject({ failed: false, heads: { length: most + 1 } });
        expect(read(behind(most + 1), at)).toMatchObject({ failed: true, heads: { length: most } });
      }),
      { numRuns: 20 },
    );
  });

  // A pattern that looks for blanks at both ends of a value needs hours for these.
  test("long runs of blanks in a header cost no more than other bytes", () => {
    const blanks = " ".repeat(limits.responseHeadBytes - 100);
    expect(read(Buffer.from(`HTTP/1.1 204 x\r\nX: a${blanks}b\r\n\r\n`), []).failed).toBe(false);
    expect(read(Buffer.from(`HTTP/1.1 204 x\r\nX: ${blanks}\0\r\n\r\n`), []).failed).toBe(true);
  });

  test("bytes behind the end of an answer are refused", () => {
    fc.assert(
      fc.property(fc.oneof(counted, chunked), cuts, ({ bytes, body }, at) => {
        const told = read(Buffer.concat([bytes, Buffer.from("H")]), at);
        expect(told).toMatchObject({ failed: true, body, keepAlive: false });
      }),
    );
  });
});
