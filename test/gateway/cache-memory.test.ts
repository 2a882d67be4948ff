import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test, vi } from "vitest";
import type { EndpointConfig } from "../../src/config/config.ts";
import { AnswerCache, AnswerCaches } from "../../src/gateway/cache/cache.ts";
import { ResponseReader } from "../../src/gateway/upstream/response-reader.ts";
import { good } from "../config/support.ts";
import { eventually } from "../support/eventually.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const MiB = 1024 * 1024;

function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

afterEach(() => {
  vi.useRealTimers();
});

/** Puts an answer into a cache as it comes from an endpoint. */
function put(cache: AnswerCache, key: string, content: string, headers: readonly string[] = []): void {
  const recording = cache.record(key, true);
  const reader = new ResponseReader("POST", {
    informational: () => {},
    head: (head) => recording.head(head),
    data: (part) => recording.data(part),
    end: (trailers) => recording.end(trailers),
  });
  const lines = ["HTTP/1.1 200 OK", ...headers, `Content-Length: ${content.length}`];
  reader.read(Buffer.from(`${lines.join("\r\n")}\r\n\r\n${content}`));
}

test.each<[string, number, number]>([
  ["tiny", 20, 1],
  ["small", 200, 6],
  ["with many headers", 60, 20],
  ["middling", 4000, 8],
])("answers take no more memory than size, be they %s", async (_what, bytes, headers) => {
  const sizeBytes = 8 * MiB;
  const cache = new AnswerCache({ sizeBytes, ttlMs: 60_000 });
  const before = held();
  for (let number = 0, last = -1; cache.bytes > last; number += 1) {
    last = cache.bytes;
    const named = Array.from(
      { length: headers },
      (_, at) => `X-Header-${at}: value ${at} of answer ${number}`,
    );
    put(cache, `${number}`.padEnd(44, "="), "x".repeat(bytes), named);
  }
  expect(cache.bytes).toBeGreaterThan(0.95 * sizeBytes);
  // What was let go just now may be counted for a moment longer; and the test's own code takes some.
  await eventually(() => expect(held() - before).toBeLessThan(1.05 * sizeBytes));
  expect(cache.bytes).toBeGreaterThan(0.95 * sizeBytes);
});

function endpointWith(cache: string): EndpointConfig {
  const text = `endpoints:\n  one: { url: one.test, credentials: t, cache: ${cache} }\n`;
  const endpoint = good(text).endpoints.get("one");
  if (endpoint === undefined) throw new Error("there is no endpoint");
  return endpoint;
}

const bytesIn = (caches: AnswerCaches): number =>
  [...caches.bytes()].reduce((sum, [, bytes]) => sum + bytes, 0);

test("answers whose time is over leave the memory by themselves, within a minute", () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  // To lru-cache, what was kept at 0 has no time.
  vi.advanceTimersByTime(1);
  const caches = new AnswerCaches();
  const cache = caches.of(endpointWith("{ ttl: 90s }"));
  if (cache === undefined) throw new Error("there is no cache");
  put(cache, "a", "x");
  vi.advanceTimersByTime(80_000);
  expect(bytesIn(caches)).toBeGreaterThan(0);
  vi.advanceTimersByTime(70_000);
  expect(bytesIn(caches)).toBe(0);
  caches.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("a cache that a reload has replaced or dropped is held by nothing", async () => {
  const caches = new AnswerCaches();
  /** In a function of its own, whose variables are gone when it returns. */
  const made = (cache: string): WeakRef<AnswerCache> => {
    const one = caches.of(endpointWith(cache));
    if (one === undefined) throw new Error("there is no cache");
    put(one, "a", "x");
    return new WeakRef(one);
  };
  const replaced = made("{ ttl: 1m }");
  const dropped = made("{ ttl: 2m }");
  caches.keepOnly(new Map());
  await eventually(() => {
    collect();
    expect([replaced, dropped].every((cache) => cache.deref() === undefined)).toBe(true);
  });
  caches.close();
});
