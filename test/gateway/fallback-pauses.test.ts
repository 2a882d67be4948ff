import { describe, expect, test } from "vitest";
import { errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { answering, chat, header, startSharedModel } from "../support/shared-model.ts";

const tooMany = (...headers: readonly string[]) => answering("429 Too Many Requests", headers);

describe("an endpoint that asks for a pause", () => {
  test("gets no request before it is over, and then gets them again", async () => {
    await using it = await startSharedModel();
    it.let("a", tooMany("Retry-After: 1"));
    const beganMs = performance.now();
    for (let i = 0; i < 5; i += 1) expect(header(await it.post(), "x-postern-endpoint")).toBe("b");
    it.let("a", answering("200 OK"));
    await eventually(async () => expect(header(await it.post(), "x-postern-endpoint")).toBe("a"));
    expect(performance.now() - beganMs).toBeGreaterThan(999);
    // The first of those before it, and the last of all.
    expect(it.seen[0]).toBe(2);
  });

  test.each([
    ["as a date", () => `Retry-After: ${new Date(Date.now() + 60_000).toUTCString()}`],
    ["in milliseconds", () => "retry-after-ms: 60000"],
  ])("is left alone when it says so %s", async (_how, line) => {
    await using it = await startSharedModel();
    it.let("a", tooMany(line()));
    for (let i = 0; i < 3; i += 1) expect((await it.post()).status).toBe(200);
    expect(it.seen).toEqual([1, 3]);
  });

  test("is left alone after a 503 too", async () => {
    await using it = await startSharedModel();
    it.let("a", answering("503 Service Unavailable", ["Retry-After: 60"]));
    for (let i = 0; i < 3; i += 1) expect((await it.post()).status).toBe(200);
    expect(it.seen).toEqual([1, 3]);
  });

  test("is asked for its other models after a 429, and for none after a 503", async () => {
    const models = ["m", "other"];
    for (const [status, endpoint] of [
      ["429 Too Many Requests", "a"],
      ["503 Service Unavailable", "b"],
    ]) {
      await using it = await startSharedModel({ each: { a: { models }, b: { models } } });
      it.let("a", answering(status ?? "", ["Retry-After: 3600"]));
      expect(header(await it.post(), "x-postern-endpoint")).toBe("b");
      it.let("a", answering("200 OK"));
      expect(header(await it.post(), "x-postern-endpoint")).toBe("b");
      expect(header(await it.post({ body: chat("other") }), "x-postern-endpoint")).toBe(endpoint);
    }
  });

  test("is left alone with a model under all of its names", async () => {
    const aliases = { short: "m" };
    await using it = await startSharedModel({ each: { a: { aliases }, b: { aliases } } });
    it.let("a", tooMany("Retry-After: 60"));
    await it.post();
    expect(header(await it.post({ body: chat("short") }), "x-postern-endpoint")).toBe("b");
    expect(it.seen).toEqual([1, 2]);
  });

  test("is asked by those who name it in the path", async () => {
    await using it = await startSharedModel();
    it.let("a", tooMany("Retry-After: 60"));
    await it.post();
    expect((await it.post({ target: "/a/v1/x" })).status).toBe(429);
    expect(it.seen).toEqual([2, 1]);
  });
});

describe("when all endpoints ask for a pause", () => {
  test("a request waits for the shortest one, and is sent there", async () => {
    await using it = await startSharedModel();
    it.let("a", tooMany("retry-after-ms: 60000"));
    it.let("b", async (exchange) => {
      const isFirst = it.upstream("b").exchanges.length === 1;
      await (isFirst ? tooMany("retry-after-ms: 300") : answering("200 OK"))(exchange);
    });
    const beganMs = performance.now();
    const answer = await it.post();
    expect(performance.now() - beganMs).toBeGreaterThan(299);
    expect([answer.status, header(answer, "x-postern-endpoint")]).toEqual([200, "b"]);
    expect(header(answer, "x-postern-tried")).toBe("a: 429, b: 429");
    expect(it.seen).toEqual([1, 2]);
  });

  test("again and again, a request waits no longer than most-wait in all", async () => {
    await using it = await startSharedModel({
      settings: { retries: { attempts: 10, "most-wait": "1500ms" } },
    });
    for (const name of ["a", "b"]) it.let(name, tooMany("Retry-After: 1"));
    expect((await it.post()).status).toBe(429);
    expect(Math.max(...it.seen)).toBeLessThan(5);
  });

  test("for longer than most-wait, the last answer passes untouched", async () => {
    await using it = await startSharedModel();
    it.let("a", tooMany("Retry-After: 6"));
    it.let("b", tooMany("Retry-After: 7", "X-Own: 1"));
    const answer = await it.post();
    expect([answer.status, header(answer, "retry-after"), header(answer, "x-own")]).toEqual([429, "7", "1"]);
    expect(it.seen).toEqual([1, 1]);
  });

  test("for longer than most-wait, the next request is told when to come again, and nothing is sent", async () => {
    await using it = await startSharedModel({ settings: { retries: { "most-wait": "100ms" } } });
    it.let("a", tooMany("Retry-After: 60"));
    it.let("b", tooMany("Retry-After: 30"));
    await it.post();
    const answer = await it.post();
    expect([answer.status, errorIn(answer).code, errorIn(answer).type]).toEqual([
      429,
      "endpoints_paused",
      "rate_limit_error",
    ]);
    expect(errorIn(answer).message).toContain('"m"');
    const seconds = Number(header(answer, "retry-after"));
    expect([seconds > 20, seconds <= 30]).toEqual([true, true]);
    expect(header(answer, "x-should-retry")).toBeUndefined();
    // It is no endpoint's answer.
    expect(header(answer, "x-postern-endpoint")).toBeUndefined();
    expect(header(answer, "x-postern-tried")).toBe("a: paused, b: paused");
    expect(it.seen).toEqual([1, 1]);
    expect((await it.gateway.ended(2))[1]).toMatchObject({
      outcome: "postern-request",
      code: "endpoints_paused",
      tried: ["a: paused", "b: paused"],
    });
  });

  test("a request that comes meanwhile waits as well", async () => {
    await using it = await startSharedModel({ settings: { retries: { attempts: 1 } } });
    for (const name of ["a", "b"]) {
      it.let(name, tooMany("retry-after-ms: 2000"));
      expect((await it.post()).status).toBe(429);
      it.let(name, answering("200 OK"));
    }
    const answer = await it.post();
    expect([answer.status, header(answer, "x-postern-tried")]).toEqual([200, undefined]);
    expect(it.seen).toEqual([2, 1]);
  });

  test("a request waits for the only endpoint that has its credential", async () => {
    await using it = await startSharedModel();
    await it.gateway.vault.remove("token-b");
    await it.gateway.app.reload().catch(() => {});
    it.let("a", async (exchange) => {
      const isFirst = it.upstream("a").exchanges.length === 1;
      await (isFirst ? tooMany("retry-after-ms: 200") : answering("200 OK"))(exchange);
    });
    const answer = await it.post();
    expect([answer.status, header(answer, "x-postern-tried")]).toEqual([
      200,
      "b: credential_missing, a: 429",
    ]);
  });

  test("and one has lost its credential, the error says both", async () => {
    await using it = await startSharedModel({ settings: { retries: { "most-wait": 0 } } });
    it.let("b", tooMany("Retry-After: 60"));
    await it.gateway.vault.remove("token-a");
    await it.gateway.app.reload().catch(() => {});
    await it.post();
    const answer = await it.post();
    expect(errorIn(answer).code).toBe("endpoints_paused");
    expect(header(answer, "x-postern-tried")).toBe("a: credential_missing, b: paused");
  });

  test("a request that has waited, and may be sent nowhere then, is refused by Postern", async () => {
    await using it = await startSharedModel({ settings: { retries: { attempts: 1 } } });
    for (const name of ["a", "b"]) {
      it.let(name, tooMany("retry-after-ms: 3000"));
      expect((await it.post()).status).toBe(429);
      it.let(name, answering("200 OK"));
    }
    const client = await it.posting();
    // What comes after it has its answer: by then it waits.
    expect((await it.post({ target: "/a/v1/x" })).status).toBe(200);
    for (const name of ["a", "b"]) await it.gateway.vault.remove(`token-${name}`);
    await it.gateway.app.reload().catch(() => {});
    const answer = await client.answer();
    client.leave();
    expect([answer.status, errorIn(answer).code]).toEqual([503, "credential_missing"]);
    expect(it.seen).toEqual([2, 1]);
    expect((await it.gateway.ended(4))[3]).toMatchObject({
      outcome: "postern-request",
      code: "credential_missing",
    });
  });

  test("a client that leaves while its request waits ends it: nothing is sent any more", async () => {
    await using it = await startSharedModel();
    for (const name of ["a", "b"]) it.let(name, tooMany("retry-after-ms: 2000"));
    const arrival = it.upstream("b").next();
    const client = await it.posting();
    await (
      await arrival
    ).body;
    await eventually(async () =>
      expect(await it.gateway.metric("postern_upstream_attempts_total", 'endpoint="b"')).toBe(1),
    );
    client.leave();
    const [line] = await it.gateway.ended(1);
    expect(line).toMatchObject({ outcome: "client-wait", tried: ["a: 429", "b: 429"] });
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
    for (const name of ["a", "b"]) it.let(name, answering("200 OK"));
    // This one waits for the same pauses; when it has been answered, the other would have been sent too.
    expect((await it.post()).status).toBe(200);
    expect(it.seen.toSorted((a, b) => a - b)).toEqual([1, 2]);
  });
});
