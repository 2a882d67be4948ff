import { describe, expect, test } from "vitest";
import type { Answer } from "../../src/gateway/cache/answer.ts";
import { AnswerCache, AnswerCaches } from "../../src/gateway/cache/cache.ts";
import { Replay } from "../../src/gateway/cache/replay.ts";
import type { ResponseHead } from "../../src/gateway/upstream/response-reader.ts";
import { good } from "../config/support.ts";

const MiB = 1024 * 1024;
const ok = (...headers: string[]): ResponseHead => ({
  status: 200,
  reason: "Fine",
  rawHeaders: ["Content-Type", "application/octet-stream", "Transfer-Encoding", "chunked", ...headers],
});
const stream = (...headers: string[]): ResponseHead => ({
  ...ok(),
  rawHeaders: ["Content-Type", "text/event-stream", "Transfer-Encoding", "chunked", ...headers],
});
const parts = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

/** A cache whose clock stands still until it is told otherwise. */
function cacheAt(nowMs: number, sizeBytes = MiB, ttlMs = 60_000) {
  const clock = { ms: nowMs, now: () => clock.ms };
  return { cache: new AnswerCache({ sizeBytes, ttlMs }, clock), clock };
}

/** An answer whose status says that it is good, unless `statusTells` says that it does not. */
function put(
  cache: AnswerCache,
  key: string,
  head: ResponseHead,
  body: Buffer[],
  trailers: string[] = [],
  statusTells = true,
): void {
  const recording = cache.record(key, statusTells);
  recording.head(head);
  for (const part of body) recording.data(part);
  recording.end(trailers);
}

/** What a replay tells, until it is over. */
async function told(answer: Answer, ageSeconds = 0) {
  const heads: ResponseHead[] = [];
  const body: string[] = [];
  return new Promise<{ heads: ResponseHead[]; body: string[]; trailers: readonly string[] }>((resolve) => {
    const replay = new Replay(answer, ageSeconds, {
      head: (head) => heads.push(head),
      data: (part) => body.push(part.toString()),
      flush: () => {},
      end: (trailers) => resolve({ heads, body, trailers }),
    });
    expect(replay).toBeDefined();
  });
}

const found = (cache: AnswerCache, key: string): Answer => {
  const answer = cache.find(key)?.answer;
  if (answer === undefined) throw new Error(`nothing is kept under ${key}`);
  return answer;
};

describe("an answer that was kept", () => {
  test("is told again part by part, with its head and trailers", async () => {
    const { cache } = cacheAt(0);
    put(cache, "a", ok("X-Custom", "1"), parts("data: 1\n\n", "data: é\n\n"), ["X-Sum", "2"]);
    const { heads, body, trailers } = await told(found(cache, "a"), 3);
    expect(heads).toEqual([ok("X-Custom", "1", "Age", "3", "X-Postern-Cache", "hit")]);
    expect(body).toEqual(["data: 1\n\n", "data: é\n\n"]);
    expect(trailers).toEqual(["X-Sum", "2"]);
  });

  test("is told with one part for each chunk that came in its framing", async () => {
    const { cache } = cacheAt(0);
    const recording = cache.record("a", true);
    recording.head(ok());
    recording.framed(Buffer.from("3\r\nabc\r\nA\r\n0123456789\r\n"));
    recording.data(Buffer.from("rest"));
    recording.end([]);
    expect((await told(found(cache, "a"))).body).toEqual(["abc", "0123456789", "rest"]);
  });

  test("has the age that it came with, and the time since", async () => {
    const { cache, clock } = cacheAt(5000);
    put(cache, "a", ok("age", "10"), parts("x"));
    clock.ms += 7900;
    const hit = cache.find("a");
    expect(hit?.ageSeconds).toBe(7);
    const { heads } = await told(found(cache, "a"), hit?.ageSeconds);
    expect(heads).toEqual([ok("Age", "17", "X-Postern-Cache", "hit")]);
  });

  test("is gone after its time", () => {
    const { cache, clock } = cacheAt(1000);
    put(cache, "a", ok(), parts("x"));
    clock.ms += 59_000;
    expect(cache.find("a")).toBeDefined();
    clock.ms += 2000;
    expect(cache.find("a")).toBeUndefined();
  });

  test("gives way to a newer one under the same key", async () => {
    const { cache } = cacheAt(0);
    put(cache, "a", ok(), parts("old"));
    put(cache, "a", ok(), parts("new"));
    expect((await told(found(cache, "a"))).body).toEqual(["new"]);
  });

  test("does not hold the buffers that it was read into", () => {
    const { cache } = cacheAt(0);
    const read = Buffer.from("before and after");
    put(cache, "a", ok(), [read.subarray(7, 10)]);
    read.fill("x");
    expect(found(cache, "a").body.toString()).toBe("and");
  });

  test("is found under its own key alone", () => {
    const { cache } = cacheAt(0);
    put(cache, "a", ok(), parts("x"));
    expect(cache.find("b")).toBeUndefined();
  });
});

describe("an answer is not kept", () => {
  test.each<[string, ResponseHead, Buffer[]]>([
    ["with another status", { ...ok(), status: 206 }, parts("x")],
    ["whose end only the connection's end tells", { ...ok(), rawHeaders: [] }, parts("x")],
    ["that must not be stored", ok("Cache-Control", "no-cache, no-store"), parts("x")],
    ["that is for one client only", ok("cache-control", 'private="x-user"'), parts("x")],
    ["that sets a cookie", ok("Set-Cookie", "a=b"), parts("x")],
    ["that varies with anything", ok("Vary", "*"), parts("x")],
    ["that varies with a header that is not in the key", ok("Vary", "Accept, User-Agent"), parts("x")],
    ["that is an error in spite of its status", ok(), parts('{"error":{"message":"overloaded"}}')],
    ["whose stream tells of an error", stream(), parts('data: {"er', 'ror":{}}\n\ndata: [DONE]\n\n')],
    ["whose stream has no end", stream(), parts("data: {}\n\n")],
    ["that is too long", ok(), [Buffer.alloc(MiB, "x"), Buffer.from("x")]],
    ["that is announced as too long", ok("Content-Length", String(MiB + 1)), parts("x")],
  ])("%s", (_name, head, body) => {
    const { cache } = cacheAt(0, 8 * MiB);
    put(cache, "a", head, body);
    expect(cache.find("a")).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  test("that was broken off", () => {
    const { cache } = cacheAt(0);
    const recording = cache.record("a", true);
    recording.head(ok());
    recording.data(Buffer.from("half"));
    recording.drop();
    recording.end([]);
    expect(cache.find("a")).toBeUndefined();
  });

  test.each<[string, ResponseHead, string]>([
    ["that is compressed", ok("Content-Encoding", "gzip"), "{}"],
    ["that says nothing that can be read", ok(), "fine"],
  ])("%s, unless its status alone says that it is good", (_what, head, body) => {
    const { cache } = cacheAt(0);
    put(cache, "a", head, parts(body), [], false);
    put(cache, "b", head, parts(body), [], true);
    expect(["a", "b"].map((key) => cache.find(key)?.answer.body.toString())).toEqual([undefined, body]);
  });

  test("but a stream is, though its server writes no-cache on every one", () => {
    const { cache } = cacheAt(0);
    const head = stream("Cache-Control", "no-cache", "Vary", "Accept-Encoding");
    put(cache, "a", head, parts("data: {}\n\n", "data: [DONE]\n\n"), [], false);
    expect(cache.find("a")).toBeDefined();
  });
});

describe("a cache is bounded", () => {
  test("in bytes: the least recently used answer goes first", () => {
    const { cache } = cacheAt(0, 3 * MiB);
    const body = [Buffer.alloc(0.9 * MiB, "x")];
    for (const key of ["a", "b", "c"]) put(cache, key, ok(), body);
    expect(cache.find("a")).toBeDefined();
    put(cache, "d", ok(), body);
    expect(["a", "b", "c", "d"].filter((key) => cache.find(key) !== undefined)).toEqual(["a", "c", "d"]);
    expect(cache.bytes).toBeLessThanOrEqual(3 * MiB);
    expect(cache.bytes).toBeGreaterThan(2.7 * MiB);
  });

  test("with the headers and the many small parts of an answer", () => {
    const { cache } = cacheAt(0);
    put(cache, "a", ok("X-Long", "x".repeat(10_000)), Array<Buffer>(1000).fill(Buffer.from("x")));
    expect(cache.bytes).toBeGreaterThan(15_000);
  });

  test("with what is being recorded, of which no more is held than the cache may keep", () => {
    const { cache } = cacheAt(0, 3 * MiB);
    const part = Buffer.alloc(0.9 * MiB, "x");
    const recordings = ["a", "b", "c", "d"].map((key) => ({ key, recording: cache.record(key, true) }));
    for (const { recording } of recordings) {
      recording.head(ok());
      recording.data(part);
    }
    const kept = (): string[] =>
      recordings.flatMap(({ key }) => (cache.find(key) === undefined ? [] : [key]));
    for (const { recording } of recordings) recording.end([]);
    expect(kept()).toEqual(["a", "b", "c"]);
    // All that they held has been given back, and so has what the one held that gave up.
    const again = ["d", "e", "f"];
    for (const key of again) put(cache, key, ok(), [part]);
    expect(again.every((key) => cache.find(key) !== undefined)).toBe(true);
  });

  test("in time: an answer whose time is over does not wait to be asked for", () => {
    const { cache, clock } = cacheAt(1, MiB, 1000);
    put(cache, "a", ok(), parts("x"));
    clock.ms += 800;
    put(cache, "b", ok(), parts("x"));
    clock.ms += 800;
    const both = cache.bytes;
    cache.purgeStale();
    expect(cache.bytes).toBe(both / 2);
    expect(cache.find("b")).toBeDefined();
  });
});

describe("a replay", () => {
  const answer = (): Answer => {
    const { cache } = cacheAt(0);
    put(cache, "a", ok(), parts("1", "2", "3"));
    return found(cache, "a");
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("begins only when its maker is done, waits when it is paused, and goes on", async () => {
    const said: string[] = [];
    const replay: Replay = new Replay(answer(), 0, {
      head: () => said.push("head"),
      data: (part) => said.push(part.toString()),
      flush: () => {
        said.push("flush");
        if (said.length === 3) replay.pause();
      },
      end: () => said.push("end"),
    });
    expect(said).toEqual([]);
    await turn();
    expect(said).toEqual(["head", "1", "flush"]);
    replay.resume();
    await turn();
    expect(said.slice(3)).toEqual(["2", "flush", "3", "flush", "end"]);
    replay.resume();
    await turn();
    expect(said.filter((word) => word === "end")).toHaveLength(1);
  });

  test("tells nothing more once its client has left", async () => {
    const said: string[] = [];
    const tell = { head: () => said.push("head"), flush: () => {}, end: () => said.push("end") };
    new Replay(answer(), 0, { ...tell, data: () => {} }).abort();
    const replay: Replay = new Replay(answer(), 0, { ...tell, data: () => replay.abort() });
    await turn();
    expect(said).toEqual(["head"]);
  });
});

describe("each endpoint has a cache of its own", () => {
  const endpoints = (cache: string) =>
    good(
      `endpoints:\n  one: { url: one.test, credentials: t${cache} }\n  two: { url: two.test, credentials: t, cache: {} }\n`,
    ).endpoints;
  const of = (caches: AnswerCaches, name: string, cache: string): AnswerCache | undefined => {
    const endpoint = endpoints(cache).get(name);
    return endpoint && caches.of(endpoint);
  };

  test("which stays as long as its settings do, and none where none is set", () => {
    const caches = new AnswerCaches();
    expect(of(caches, "one", "")).toBeUndefined();
    const one = of(caches, "one", ", cache: { ttl: 1m }");
    expect(one).toBeDefined();
    expect(of(caches, "one", ", cache: { ttl: 60s }")).toBe(one);
    expect(of(caches, "two", "")).not.toBe(one);
    expect(of(caches, "one", ", cache: { ttl: 2m }")).not.toBe(one);
  });

  test("which goes when the endpoint has none any more", () => {
    const caches = new AnswerCaches();
    of(caches, "one", ", cache: {}");
    of(caches, "two", "");
    expect([...caches.bytes()]).toEqual([
      ["one", 0],
      ["two", 0],
    ]);
    caches.keepOnly(endpoints(""));
    expect([...caches.bytes()]).toEqual([["two", 0]]);
  });
});
