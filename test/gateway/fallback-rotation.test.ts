import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { bearer, certificate, put, rotate, startGateway } from "../support/gateway.ts";
import { makePki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { answering, chat, header, type SharedModel, startSharedModel } from "../support/shared-model.ts";
import { type Answering, type Exchange, startUpstream, type Upstream } from "../support/upstream.ts";
import { fromFile, Stage, tokenIn } from "./token-sources.ts";

const pausing = answering("429 Too Many Requests", ["Retry-After: 600"]);
const unavailable = answering("503 Service Unavailable");

const answerer = async (it: SharedModel) => header(await it.post(), "x-postern-endpoint");

/** Gives an endpoint another token. */
async function rotateToken(it: SharedModel, name: string): Promise<void> {
  await rotate(it.gateway.vault, `token-${name}`, bearer(`canary-bearer-${name}-rotated-77b0`));
  await it.gateway.app.reload();
}

/** Says something else of the endpoint `a` in the file. */
async function describeAnew(it: SharedModel, more: Readonly<Record<string, unknown>>): Promise<void> {
  const { a, b } = it.settings.endpoints;
  if (a === undefined || b === undefined) throw new Error("no endpoints");
  it.gateway.write({ ...it.settings, endpoints: { a: { ...a, ...more }, b } });
  await it.gateway.app.reload();
}

const reload = (it: SharedModel): Promise<unknown> => it.gateway.app.reload().catch(() => {});

describe("what an endpoint has asked for, or been found to be, outlives", () => {
  test.each([
    ["a pause", pausing],
    ["an ejection", unavailable],
  ])("another token in the vault: %s", async (_what, answer) => {
    await using it = await startSharedModel({ settings: { ejection: { after: 1, for: "1h" } } });
    it.let("a", answer);
    expect([await answerer(it), it.seen]).toEqual(["b", [1, 1]]);
    await rotateToken(it, "a");
    expect([await answerer(it), it.seen]).toEqual(["b", [1, 2]]);
    // It is in force all the same.
    await it.post({ target: "/a/v1/x" });
    const sent = it.upstream("a").exchanges.at(-1)?.head.headers;
    expect(sent).toContainEqual(["authorization", "Bearer canary-bearer-a-rotated-77b0"]);
  });

  test("every renewal of a token that comes from a source", async () => {
    await using stage = await Stage.set();
    const other = await startUpstream();
    const endpoint = (origin: string) => ({ url: `${origin}/v1`, credentials: ["token"], models: ["m"] });
    await using gateway = await startGateway(
      { endpoints: { a: endpoint(stage.upstream.origin), b: endpoint(other.origin) } },
      { token: fromFile(stage.issue("token", "from-a-file-1")) },
    );
    stage.upstream.answer = pausing;
    const ask = { target: "/v1/x", headers: ["Content-Type: application/json"], body: chat() };
    expect(header(await gateway.ask(ask), "x-postern-endpoint")).toBe("b");
    stage.issue("token", "from-a-file-2");
    await eventually(async () => {
      await gateway.ask({ ...ask, target: "/a/v1/x" });
      expect(stage.seen.at(-1)).toBe("from-a-file-2");
    });
    const before = stage.upstream.exchanges.length;
    expect(header(await gateway.ask(ask), "x-postern-endpoint")).toBe("b");
    expect(stage.upstream.exchanges.length).toBe(before);
    await other.stop();
  });

  test("the time in which its credential is missing", async () => {
    await using it = await startSharedModel();
    it.let("a", pausing);
    await it.post();
    await it.gateway.vault.remove("token-a");
    await reload(it);
    await put(it.gateway.vault, "token-a", bearer("canary-bearer-a-again-19c3"));
    await reload(it);
    const answer = await it.post();
    expect([header(answer, "x-postern-tried"), it.seen]).toEqual([undefined, [1, 2]]);
  });

  test("another token while its probe fails, until a probe says otherwise", async () => {
    await using it = await startSharedModel({ each: { a: { probe: { path: "/health", every: "1s" } } } });
    const held: Exchange[] = [];
    let passes = false;
    it.let("a", async (exchange) => {
      if (exchange.target !== "/health") await answering("200 OK")(exchange);
      else if (passes) held.push(exchange);
      else await answering("500 Internal Server Error")(exchange);
    });
    await eventually(async () => expect(await answerer(it)).toBe("b"));
    passes = true;
    await rotateToken(it, "a");
    await eventually(() => expect(held.length).toBeGreaterThan(0));
    expect(await answerer(it)).toBe("b");
    for (const exchange of held) await answering("204 No Content")(exchange);
    await eventually(async () => expect(await answerer(it)).toBe("a"));
  });

  test("another token: how many requests it has, with choose: least-in-flight", async () => {
    await using it = await startSharedModel({
      settings: { models: { m: { choose: "least-in-flight" } } },
    });
    const release = Promise.withResolvers<void>();
    for (const name of ["a", "b"])
      it.let(name, async (exchange) => {
        await release.promise;
        await answering("200 OK")(exchange);
      });
    const asked: Promise<unknown>[] = [];
    const ask = async (): Promise<void> => {
      asked.push(it.post());
      await eventually(() => expect(it.seen.reduce((sum, seen) => sum + seen)).toBe(asked.length));
    };
    for (let i = 0; i < 6; i += 1) await ask();
    expect(it.seen).toEqual([3, 3]);
    await rotateToken(it, "a");
    for (let i = 0; i < 4; i += 1) await ask();
    expect(it.seen).toEqual([5, 5]);
    release.resolve();
    await Promise.all(asked);
  });
});

describe("failures without any answer are forgotten", () => {
  const once = { ejection: { after: 1, for: "1h" } };
  const get = { method: "GET", target: "/v1/models/m", headers: [], body: "" };

  test("with another certificate, for that before may have been the reason", async () => {
    const pki = await makePki();
    const [strict, other] = [await startUpstream(demanding(pki)), await startUpstream()];
    const models = ["m"];
    await using gateway = await startGateway(
      {
        ...once,
        endpoints: {
          a: { url: `${strict.origin}/v1`, credentials: ["cert"], ca: "ca.pem", models },
          b: { url: `${other.origin}/v1`, credentials: ["token"], models },
        },
      },
      { cert: certificate(pki.foreign), token: bearer("canary-bearer-b-2f60") },
      (folder) => folder.write("ca.pem", pki.serverCa.certificate),
    );
    const who = async () => header(await gateway.ask(get), "x-postern-endpoint");
    expect(await who()).toBe("b");
    expect(await gateway.metric("postern_endpoint_ejected", 'endpoint="a"')).toBe(1);
    await rotate(gateway.vault, "cert", certificate(pki.client));
    await gateway.app.reload();
    expect(await who()).toBe("a");
    strict.answer = unavailable;
    expect(await who()).toBe("b");
    await rotate(gateway.vault, "cert", certificate(pki.foreign));
    await gateway.app.reload();
    expect(await gateway.metric("postern_endpoint_ejected", 'endpoint="a"')).toBe(1);
    await Promise.all([strict.stop(), other.stop()]);
  });

  test("with other timeouts", async () => {
    await using it = await startSharedModel({
      settings: once,
      each: { a: { timeouts: { "first-byte": "200ms" } } },
    });
    it.let("a", () => {});
    expect(header(await it.post(get), "x-postern-tried")).toBe("a: upstream_first_byte_timeout");
    it.let("a", answering("200 OK"));
    await rotateToken(it, "a");
    expect(await answerer(it)).toBe("b");
    await describeAnew(it, { timeouts: { "first-byte": "1m" } });
    expect(await answerer(it)).toBe("a");
  });
});

describe("an endpoint that is probed every ten minutes", () => {
  const probe = { path: "/health", every: "10m" };
  const isProbe = ({ target }: Exchange): boolean => target.startsWith("/health");
  /** The tokens that its probes have brought. */
  const probes = ({ exchanges }: Upstream): readonly string[] => exchanges.filter(isProbe).map(tokenIn);
  const [old, rotated] = ["canary-bearer-a-5d1e", "canary-bearer-a-rotated-77b0"];

  /** Begins to probe `a`, which answers its probes so. */
  async function startProbed(answer: Answering): Promise<SharedModel> {
    const it = await startSharedModel();
    it.let("a", (exchange) => (isProbe(exchange) ? answer : answering("200 OK"))(exchange));
    await describeAnew(it, { probe });
    await eventually(() => expect(probes(it.upstream("a"))).toEqual([old]));
    return it;
  }

  test("is not probed once more when its token is renewed, however often", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromFile(stage.issue("token", "from-a-file-0")), { probe });
    await eventually(() => expect(probes(stage.upstream)).toHaveLength(1));
    for (const token of ["from-a-file-1", "from-a-file-2", "from-a-file-3"]) {
      stage.issue("token", token);
      await eventually(async () => {
        await gateway.ask({ target: "/v1/x" });
        expect(stage.seen.at(-1)).toBe(token);
      });
    }
    expect(probes(stage.upstream)).toEqual(["from-a-file-0"]);
  });

  test("nor when it gets another token in the vault, or other models in the file", async () => {
    await using it = await startProbed(answering("204 No Content"));
    await rotateToken(it, "a");
    expect(await answerer(it)).toBe("a");
    await describeAnew(it, { probe, models: ["m", "n"] });
    expect(await answerer(it)).toBe("a");
    expect(probes(it.upstream("a"))).toEqual([old]);
  });

  test.each([
    ["it is asked for another path", { probe: { ...probe, path: "/healthy" } }],
    ["it is asked at other times", { probe: { ...probe, every: "20m" } }],
    ["it is connected to in another way", { probe, timeouts: { connect: "9s" } }],
  ])("is probed at once when %s", async (_what, more) => {
    await using it = await startProbed(answering("204 No Content"));
    await describeAnew(it, more);
    await eventually(() => expect(probes(it.upstream("a"))).toHaveLength(2));
  });

  /** Refuses the old token. */
  const strict: Answering = (exchange) =>
    answering(tokenIn(exchange) === old ? "401 Unauthorized" : "204 No Content")(exchange);

  test("is probed at once with another token when it has failed with the one before", async () => {
    await using it = await startProbed(strict);
    await eventually(async () => expect(await answerer(it)).toBe("b"));
    await describeAnew(it, { probe, models: ["m", "n"] });
    await rotateToken(it, "a");
    await eventually(async () => expect(await answerer(it)).toBe("a"));
    expect(probes(it.upstream("a"))).toEqual([old, rotated]);
  });

  test("is probed at once with another token that has come while it was probed, when it fails with the one before", async () => {
    const renewed = Promise.withResolvers<void>();
    await using it = await startProbed(async (exchange) => {
      await renewed.promise;
      await strict(exchange);
    });
    await rotateToken(it, "a");
    renewed.resolve();
    await eventually(() => expect(probes(it.upstream("a"))).toEqual([old, rotated]));
    await eventually(async () => expect(await answerer(it)).toBe("a"));
  });
});

test("an endpoint is probed with the token that is in force", async () => {
  await using it = await startSharedModel({ each: { a: { probe: { path: "/health", every: "1s" } } } });
  const tokens = () => it.upstream("a").exchanges.map(tokenIn);
  await eventually(() => expect(tokens()).toContain("canary-bearer-a-5d1e"));
  await rotateToken(it, "a");
  await eventually(() => expect(tokens()).toContain("canary-bearer-a-rotated-77b0"));
});
