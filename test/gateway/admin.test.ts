import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

let it: PrivateEndpoint;
beforeEach(async () => {
  it = await startPrivateEndpoint({ endpoint: { models: ["m"] } });
});
afterEach(() => it[Symbol.asyncDispose]());

const names = (page: string): Set<string> =>
  new Set([...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));

describe("the admin listener", () => {
  test("answers that it is alive and ready", async () => {
    expect((await it.gateway.admin("/healthz")).status).toBe(200);
    expect((await it.gateway.admin("/readyz")).status).toBe(200);
  });

  test("is never a way to an endpoint, nor the gateway a way to it", async () => {
    for (const target of ["/v1/models", "/private/v1/models", "/private/raw/x"])
      expect((await it.gateway.admin(target)).status, target).toBe(404);
    expect(it.upstream.exchanges).toEqual([]);
    for (const target of ["/private/v1/x", "/metrics", "/healthz", "/readyz"]) {
      const { text } = await it.gateway.ask({ target });
      expect(text, target).not.toContain("# HELP");
    }
  });

  test("is not ready while an endpoint has no credential to send", async () => {
    await it.gateway.vault.remove("gen-cert");
    await eventually(async () => expect((await it.gateway.ask({ target: "/v1/x" })).status).toBe(503));
    expect((await it.gateway.admin("/healthz")).status).toBe(200);
  });
});

describe("metrics", () => {
  const requests = async () => {
    const { text } = await it.gateway.admin("/metrics");
    return text.split("\n").filter((line) => line.startsWith("postern_requests_total{"));
  };

  test("count a request by its endpoint and how it ended", async () => {
    await it.gateway.ask({ target: "/v1/x" });
    await it.gateway.ended(1);
    const line = (await requests()).find((line) => line.endsWith(" 1"));
    expect(line).toContain('endpoint="private"');
  });

  test("are all documented, and nothing else is", async () => {
    await it.gateway.ask({ target: "/v1/x" });
    const { text, headers } = await it.gateway.admin("/metrics");
    expect(headers.find(([name]) => name.toLowerCase() === "content-type")?.[1]).toMatch(/^text\/plain/);
    const manual = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
    const documented = new Set(manual.match(/\bpostern_[a-z_]+\b/g));
    const ours = [...names(text)].filter((name) => name.startsWith("postern_"));
    expect(ours.filter((name) => !documented.has(name))).toEqual([]);
    expect([...documented].filter((name) => !ours.includes(name))).toEqual([]);
    for (const part of [
      "requests",
      "in_flight",
      "first_byte",
      "bytes",
      "connections",
      "certificate_expiry",
      "reloads",
    ])
      expect(
        ours.some((name) => name.includes(part)),
        part,
      ).toBe(true);
  });

  test("hold nothing that a client chose", async () => {
    const words = ["chosen-by-client", "evil-model", "BREW"];
    await it.gateway.ask({ target: "/chosen-by-client/v1/x" });
    await it.gateway.ask({
      target: "/v1/chosen-by-client?chosen-by-client",
      headers: ["X-Session-Id: chosen-by-client"],
    });
    await it.gateway.ask({
      target: "/v1/x",
      headers: ["Content-Type: application/json"],
      body: '{"model":"evil-model"}',
    });
    await it.gateway.ask({ method: "BREW", target: "/v1/x" }).catch(() => {});
    await it.gateway.ask({ method: "REPORT", target: "/v1/x" });
    const { text } = await it.gateway.admin("/metrics");
    for (const word of [...words, "REPORT"]) expect(text).not.toContain(word);
  });

  test("tell when the certificate expires", async () => {
    const { text } = await it.gateway.admin("/metrics");
    const line = text.split("\n").find((line) => /^postern_\w*certificate_expiry\w*\{/.test(line)) ?? "";
    const value = Number(line.slice(line.lastIndexOf(" ") + 1));
    const expires = it.pki.client.expires.getTime() / 1000;
    // Either the time itself or the time that is left.
    expect([Math.abs(value - expires) < 5, Math.abs(value - (expires - Date.now() / 1000)) < 60]).toContain(
      true,
    );
  });
});

describe("the log has one line for each request", () => {
  test("with endpoint, model, status, outcome, durations and bytes, and no body", async () => {
    const body = JSON.stringify({ model: "m", prompt: "what-the-user-said" });
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.json({ answer: "what-the-model-said" });
    };
    await it.gateway.ask({
      target: "/v1/chat/completions",
      headers: ["Content-Type: application/json", "x-request-id: r-1"],
      body,
    });
    const [line, ...more] = await it.gateway.ended(1);
    expect(more).toEqual([]);
    expect(line).toMatchObject({ endpoint: "private", status: 200 });
    const text = JSON.stringify(line);
    expect(text).toContain("r-1");
    expect(text).toMatch(/"\w*(ms|Ms|seconds)\w*":[\d.]+/);
    expect(text).toMatch(/"\w*[bB]ytes\w*":\d+/);
    expect(it.gateway.log.text).not.toContain("what-the-");
  });

  test("with the model where it was read", async () => {
    await using two = await startPrivateEndpoint({
      endpoint: { models: ["m"] },
      others: (origin) => ({
        other: { url: `${origin}/o`, credentials: ["gen-cert"], ca: "server-ca.pem", models: ["o"] },
      }),
    });
    await two.gateway.ask({
      target: "/v1/x",
      headers: ["Content-Type: application/json"],
      body: '{"model":"o"}',
    });
    expect((await two.gateway.ended(1))[0]).toMatchObject({ endpoint: "other", model: "o", status: 200 });
  });

  test("and one for each that failed, was refused or was left", async () => {
    await it.gateway.ask({ target: "/nosuch/v1/x" });
    await it.gateway.ask({ target: "/v1/../x" });
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      exchange.reset();
    };
    await it.gateway.ask({ target: "/v1/x" });
    it.upstream.answer = () => {};
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    client.send({ target: "/v1/x" });
    await arrival;
    client.leave();
    const lines = await it.gateway.ended(4);
    expect(lines.length).toBe(4);
    expect(JSON.stringify(lines[0])).toContain("endpoint_unknown");
    expect(JSON.stringify(lines[1])).toContain("request_target_invalid");
    expect(JSON.stringify(lines[2])).toContain("upstream_closed");
    expect(JSON.stringify(lines[3]?.["outcome"])).toMatch(/client/);
    // Each ended differently, and the log tells them apart.
    expect(new Set(lines.slice(1).map(({ outcome }) => outcome)).size).toBe(3);
  });

  test("no line holds a line break that a client sent", async () => {
    await it.gateway.ask({ target: "/v1/x?%0a%7B%22level%22:50%7D", headers: ["x-request-id: a%0ab"] });
    await it.gateway.ended(1);
    for (const line of it.gateway.log.lines()) expect(line).toHaveProperty("level");
  });
});
