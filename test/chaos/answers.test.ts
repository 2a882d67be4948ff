import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Code } from "../../src/errors/catalogue.ts";
import { type Rig, type Sight, sightOf, startRig } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ private: {} });
});
afterEach(() => rig.reset());
afterAll(() => rig[Symbol.asyncDispose]());

/** Bytes with which an endpoint answers, and what comes of them. */
interface Case {
  readonly bytes: string;
  /** The endpoint closes behind them; otherwise it waits. */
  readonly closes?: true;
  readonly method?: string;
  readonly outcome: "done" | "upstream-wait" | "upstream-stream";
  readonly code?: Code;
  readonly status: number;
  readonly sees: Sight;
}

const ok = (headers: string, body = ""): string => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${body}`;
const chunked = (body: string): string => ok("Transfer-Encoding: chunked", body);
/** It is no answer, and the client is told so. */
const malformed = (bytes: string): Case => ({
  bytes,
  outcome: "upstream-wait",
  code: "upstream_malformed",
  status: 502,
  sees: { error: "upstream_malformed" },
});
/** It breaks off when the answer has begun: so it does for the client. */
const broken = (bytes: string, code: Code = "upstream_malformed"): Case => ({
  bytes,
  ...(code === "upstream_closed" && { closes: true }),
  outcome: "upstream-stream",
  code,
  status: 200,
  sees: "nothing",
});
const done = (bytes: string, text: string): Case => ({
  bytes,
  outcome: "done",
  status: 200,
  sees: { status: 200, text, whole: true },
});

const cases: Record<string, Case> = {
  "a length that is more than what comes": broken(ok("Content-Length: 9", "abc"), "upstream_closed"),
  "a length, and nothing": broken(ok("Content-Length: 9"), "upstream_closed"),
  "a length that is less than what comes": done(ok("Content-Length: 3", "abcdef"), "abc"),
  "a length of 0, and bytes": done(ok("Content-Length: 0", "abc"), ""),
  "two lengths": malformed(ok("Content-Length: 3\r\nContent-Length: 3", "abc")),
  "a negative length": malformed(ok("Content-Length: -3", "abc")),
  "a length of 20 digits": malformed(ok("Content-Length: 10000000000000000003", "abc")),
  "a length and chunks": malformed(ok("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
  "a coding beside chunked": malformed(ok("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")),
  "chunks under HTTP/1.0": malformed(chunked("0\r\n\r\n").replace("1.1", "1.0")),
  "a size that is no number": broken(chunked("3\r\nabc\r\nzz\r\n")),
  "an empty size": broken(chunked("\r\nabc\r\n0\r\n\r\n")),
  "a size with 0x": broken(chunked("0x3\r\nabc\r\n0\r\n\r\n")),
  "a size of 17 digits": broken(chunked("00000000000000003\r\nabc\r\n0\r\n\r\n")),
  "a size on a line of 5 kB": broken(chunked(`3;${"x".repeat(5_000)}\r\nabc\r\n0\r\n\r\n`)),
  "a bare line feed behind a size": broken(chunked("3\nabc\r\n0\r\n\r\n")),
  "a chunk longer than its size": broken(chunked("3\r\nabcd\r\n0\r\n\r\n")),
  "chunks without an end": broken(chunked("3\r\nabc\r\n"), "upstream_closed"),
  "a chunk without an end": broken(chunked("9\r\nabc"), "upstream_closed"),
  "a trailer without a colon": broken(chunked("3\r\nabc\r\n0\r\nnonsense\r\n\r\n")),
  "trailers of 300 kB": broken(chunked(`3\r\nabc\r\n0\r\nX-A: ${"x".repeat(300_000)}\r\n\r\n`)),
  trailers: done(chunked("3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"), "abc"),
  "bytes behind the last chunk": done(chunked("3\r\nabc\r\n0\r\n\r\nabc"), "abc"),
  "two answers at once": done(ok("Content-Length: 3", "abc") + ok("Content-Length: 6", "poison"), "abc"),
  "two answers at once, in chunks": done(
    chunked("3\r\nabc\r\n0\r\n\r\n") + chunked("6\r\npoison\r\n0\r\n\r\n"),
    "abc",
  ),
  "an answer without a length, until it closes": { ...done(ok("X-A: b", "abc"), "abc"), closes: true },
  "a thousand interim answers": done(
    `${"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(1_000)}${ok("Content-Length: 3", "abc")}`,
    "abc",
  ),
  "interim answers of 300 kB in all": malformed(
    `${`HTTP/1.1 103 Early Hints\r\nLink: </${"a".repeat(2_950)}>\r\n\r\n`.repeat(100)}${ok("Content-Length: 3", "abc")}`,
  ),
  "interim answers without an end": malformed("HTTP/1.1 102 Processing\r\n\r\n".repeat(20_000)),
  "a 101 that nobody asked for": malformed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
  "a head of 300 kB": malformed(ok(`X-A: ${"x".repeat(300_000)}`)),
  "a head of 20,000 lines": malformed(ok("X-A: 0123456789\r\n".repeat(20_000).trimEnd())),
  "a head without an end": malformed(`HTTP/1.1 200 OK\r\n${"X-A: 0123456789\r\n".repeat(20_000)}`),
  garbage: malformed("\0\x01\x02\x03 garbage \xff\xfe\r\n\r\n"),
  "another protocol": malformed("SSH-2.0-OpenSSH_9.2p1\r\n"),
  "HTTP/2": malformed("HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n"),
  "a body without a head": malformed('{"object":"list"}'),
  "a status of two digits": malformed("HTTP/1.1 20 OK\r\n\r\n"),
  "a status of letters": malformed("HTTP/1.1 abc OK\r\n\r\n"),
  "a header without a colon": malformed(ok("nonsense")),
  "a header with a space before its colon": malformed(ok("Content-Length : 3", "abc")),
  "a header on a folded line": malformed(ok("X-A: b\r\n c: d\r\nContent-Length: 0")),
  "a header with a NUL": malformed(ok("X-A: b\0c\r\nContent-Length: 0")),
  "a header with a bare line feed": malformed(ok("X-A: b\nX-C: d\r\nContent-Length: 0")),
  "no byte at all": {
    bytes: "",
    closes: true,
    outcome: "upstream-wait",
    code: "upstream_closed",
    status: 502,
    sees: { error: "upstream_closed" },
  },
  "a 204 with a body": {
    bytes: "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
    outcome: "done",
    status: 204,
    sees: { status: 204, text: "", whole: true },
  },
  "a 304 with a body": {
    bytes: "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nabc",
    outcome: "done",
    status: 304,
    sees: { status: 304, text: "", whole: true },
  },
  "a body in the answer to HEAD": { ...done(ok("Content-Length: 3", "abc"), ""), method: "HEAD" },
};

const told = ({ outcome, code, sees }: Case): string => {
  const sight =
    sees === "nothing"
      ? "a connection that breaks"
      : "error" in sees
        ? "an error of ours"
        : `${sees.status} and what belongs to it`;
  return `${[outcome, code].filter((part) => part !== undefined).join(", ")}; the client sees ${sight}`;
};

describe("an endpoint that answers with", () => {
  for (const [name, one] of Object.entries(cases))
    test(`${name}: ${told(one)}`, async () => {
      const { bytes, closes, method = "GET", sees, ...ending } = one;
      rig.upstream.answer = async (exchange) => {
        await exchange.write(Buffer.from(bytes, "latin1"));
        if (closes === true) exchange.socket.end();
      };
      await rig.ends(
        {
          outcome: ending.outcome,
          status: ending.status,
          ...(ending.code !== undefined && { code: ending.code }),
        },
        async () => {
          const sight = await sightOf(await rig.client({ method, target: "/v1/x" }));
          // What came before the fault may have been on its way already, or not; it never looks whole.
          if (sees === "nothing" && typeof sight === "object" && "whole" in sight)
            expect(sight.whole).toBe(false);
          else expect(sight).toEqual(sees);
        },
      );
      // Nothing of it is left for the next request.
      rig.upstream.answer = (exchange) => exchange.json({ next: true });
      const next = await sightOf(await rig.client({ target: "/v1/y" }));
      expect(next).toEqual({ status: 200, text: '{"next":true}', whole: true });
    });
});

test("trailers and interim answers reach the client as they came", async () => {
  rig.upstream.answer = (exchange) =>
    exchange.write(
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok("Transfer-Encoding: chunked\r\nTrailer: X-Sum", "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n")}`,
    );
  const client = await rig.client({ target: "/v1/x" });
  const answer = await client.answer();
  client.leave();
  expect(answer.trailers).toEqual([["X-Sum", "1"]]);
  expect(answer.informational.map(({ headers }) => headers)).toEqual([[["Link", "</a>"]]]);
});
