import { describe, expect, test } from "vitest";
import { type Answer, errorIn } from "../support/client.ts";
import { answering, header, startSharedModel } from "../support/shared-model.ts";

/** A question whose answer may be kept. */
const question = (content: string): string =>
  JSON.stringify({ model: "m", temperature: 0, messages: [content] });
const pausing = answering("429 Too Many Requests", ["Retry-After: 60"]);
const unavailable = answering("503 Service Unavailable");

/** Where an answer comes from. */
const source = (answer: Answer) => [
  answer.status,
  header(answer, "x-postern-endpoint"),
  header(answer, "x-postern-cache"),
  header(answer, "x-postern-tried"),
];

describe("an answer that an endpoint's cache has kept", () => {
  test("is no success of the endpoint: one that fails all that it is asked is ejected", async () => {
    await using it = await startSharedModel({
      each: { a: { cache: {} } },
      settings: { ejection: { after: 3, for: "1h" } },
    });
    await it.post({ body: question("kept") });
    it.let("a", unavailable);
    for (let i = 1; i <= 3; i += 1) {
      expect(source(await it.post({ body: question("kept") }))).toEqual([200, "a", "hit", undefined]);
      expect(source(await it.post({ body: question(`new ${i}`) }))).toEqual([200, "b", undefined, "a: 503"]);
    }
    expect(await it.gateway.metric("postern_endpoint_ejected", 'endpoint="a"')).toBe(1);
    const attempts = (labels: string) => it.gateway.metric("postern_upstream_attempts_total", labels);
    expect(await attempts('endpoint="a",result="answered"')).toBe(1);
    expect(await attempts('endpoint="a",result="503"')).toBe(3);
    expect(it.seen).toEqual([4, 3]);
  });

  test("is given while all endpoints of the model pause", async () => {
    await using it = await startSharedModel({ each: { b: { cache: {} } } });
    await it.post({ target: "/b/v1/chat/completions", body: question("kept") });
    for (const name of ["a", "b"]) it.let(name, pausing);
    await it.post({ body: question("new") });
    expect(source(await it.post({ body: question("kept") }))).toEqual([200, "b", "hit", undefined]);
    expect(it.seen).toEqual([1, 2]);
    const wanting = ["Content-Type: application/json", "Cache-Control: no-cache"];
    const fresh = await it.post({ body: question("kept"), headers: wanting });
    expect(errorIn(fresh).code).toBe("endpoints_paused");
    // What was looked for in vain, and asked of nobody, counts as nothing.
    expect((await it.post({ body: question("other") })).status).toBe(429);
    const looks = (result: string) => it.gateway.metric("postern_cache_requests_total", `result="${result}"`);
    expect([await looks("hit"), await looks("miss")]).toEqual([1, 2]);
  });

  test("is given though its endpoint pauses and another does not", async () => {
    await using it = await startSharedModel({ each: { a: { cache: {} } } });
    await it.post({ body: question("kept") });
    it.let("a", pausing);
    expect(source(await it.post({ body: question("new") }))).toEqual([200, "b", undefined, "a: 429"]);
    expect(source(await it.post({ body: question("kept") }))).toEqual([200, "a", "hit", undefined]);
    expect(source(await it.post({ body: question("newer") }))).toEqual([200, "b", undefined, undefined]);
    expect(it.seen).toEqual([2, 2]);
  });

  test.each<[string, object, object]>([
    ["none of one that has no cache", {}, { endpoint: "b", status: 200, cache: undefined }],
    [
      "that of the first one, when no other can be reached",
      { url: "http://127.0.0.1:1/v1" },
      { endpoint: "a", status: 503, cache: "miss" },
    ],
  ])("the log tells what the cache did of the endpoint that answered: %s", async (_what, b, logged) => {
    await using it = await startSharedModel({ each: { a: { cache: {} }, b: { ...b } } });
    it.let("a", unavailable);
    await it.post({ body: question("new") });
    const [line] = await it.gateway.ended(1);
    expect({ cache: undefined, ...line }).toMatchObject(logged);
    expect(line?.["tried"]).toContain("a: 503");
  });

  test("is given in the place of an endpoint that fails, and needs no retry for it", async () => {
    await using it = await startSharedModel({
      each: { b: { cache: {} } },
      settings: { ejection: { after: 0 }, retries: { budget: "0%" } },
    });
    await it.post({ target: "/b/v1/chat/completions", body: question("kept") });
    it.let("a", unavailable);
    // More than the budget's reserve.
    for (let i = 0; i < 30; i += 1)
      expect(source(await it.post({ body: question("kept") }))).toEqual([200, "b", "hit", "a: 503"]);
    expect(source(await it.post({ body: question("new") }))).toEqual([200, "b", "miss", "a: 503"]);
    const lines = await it.gateway.ended(32);
    expect(lines[1]).toMatchObject({ endpoint: "b", cache: "hit", tried: ["a: 503"], outcome: "done" });
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
  });

  test("is no load that endpoints bear, of which retries may be a share", async () => {
    await using it = await startSharedModel({
      each: { a: { cache: {} } },
      settings: { ejection: { after: 0 }, retries: { budget: "50%" } },
    });
    await it.post({ body: question("kept") });
    for (const name of ["a", "b"]) it.let(name, unavailable);
    const missing = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) expect((await it.post()).status).toBe(503);
    };
    // Each uses up as much of the reserve as it adds, and as much again.
    await missing(50);
    const before = it.seen[1] ?? 0;
    const beganMs = performance.now();
    for (let i = 0; i < 40; i += 1) expect((await it.post({ body: question("kept") })).status).toBe(200);
    await missing(10);
    const seconds = (performance.now() - beganMs) / 1000;
    expect((it.seen[1] ?? 0) - before).toBeLessThanOrEqual(0.5 * 10 + 2 * seconds + 1);
  });

  test("comes whole, however large it is", async () => {
    await using it = await startSharedModel({ each: { a: { cache: {} } } });
    const text = JSON.stringify({ text: "x".repeat(900_000) });
    it.let("a", answering("200 OK", [], text));
    for (const result of ["miss", "hit"]) {
      const answer = await it.post({ body: question("kept") });
      expect([header(answer, "x-postern-cache"), answer.text === text]).toEqual([result, true]);
    }
  });
});
