import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, errorIn } from "../support/client.ts";
import { certificate, type Gateway, startGateway } from "../support/gateway.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let pki: Pki;
let upstream: Upstream;
beforeAll(async () => {
  pki = await makePki();
  upstream = await startUpstream(demanding(pki));
  upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.json({ target: exchange.target });
  };
});
afterAll(() => upstream.stop());

const start = (settings: Readonly<Record<string, unknown>>, own: readonly string[] = []): Promise<Gateway> =>
  startGateway(
    {
      ...settings,
      endpoints: {
        first: {
          url: `${upstream.origin}/first`,
          credentials: ["gen-cert"],
          ca: "ca.pem",
          models: ["m1"],
          ...(own.length > 0 && { listen: own }),
        },
        second: { url: `${upstream.origin}/second`, credentials: ["gen-cert"], ca: "ca.pem", models: ["m2"] },
      },
    },
    { "gen-cert": certificate(pki.client) },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );

const targetOf = async (base: string, target: string) =>
  (JSON.parse((await ask(base, { target })).text) as { target: string }).target;

describe("the gateway listens", () => {
  test("on IPv4 and IPv6", async () => {
    await using gateway = await start({ listen: ["127.0.0.1:0", "[::1]:0"] });
    expect(gateway.app.listen.length).toBe(2);
    expect(gateway.app.listen[0]).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(gateway.app.listen[1]).toMatch(/^http:\/\/\[::1\]:[1-9]\d*$/);
    for (const base of gateway.app.listen) expect(await targetOf(base, "/first/v1/x")).toBe("/first/x");
  });

  test("on a Unix socket that only its owner can open, and that is gone after the stop", async () => {
    const gateway = await start({ listen: ["unix:gateway.sock"] });
    const [base = ""] = gateway.app.listen;
    expect(base).toBe(`unix:${gateway.folder.file("gateway.sock")}`);
    expect(statSync(gateway.folder.file("gateway.sock")).mode & 0o077).toBe(0);
    expect(await targetOf(base, "/second/v1/x")).toBe("/second/x");
    await gateway.app.stop();
    expect(existsSync(gateway.folder.file("gateway.sock"))).toBe(false);
    gateway.folder[Symbol.dispose]();
  });

  test("on a Unix socket that a killed process left behind", async () => {
    await using gateway = await startGateway({ listen: ["unix:g.sock"], endpoints: {} }, {}, (folder) => {
      // A socket file that nobody listens on: made by a process that did not remove it.
      const script = `require("node:net").createServer().listen(${JSON.stringify(folder.file("g.sock"))}, () => process.kill(process.pid, "SIGKILL"))`;
      try {
        execFileSync(process.execPath, ["-e", script]);
      } catch {
        // Killed, as it should be.
      }
      expect(existsSync(folder.file("g.sock"))).toBe(true);
    });
    expect((await ask(gateway.base, { target: "/v1/models" })).status).toBe(404);
  });
});

test("an endpoint's own listener knows that endpoint alone: /v1 is its base, whatever the model", async () => {
  await using gateway = await start({}, ["127.0.0.1:0"]);
  const own = gateway.app.listen[1] ?? "";
  expect(await targetOf(own, "/v1/files")).toBe("/first/files");
  expect(await targetOf(own, "/openai/v1/files")).toBe("/first/files");
  expect(await targetOf(own, "/chat/completions")).toBe("/first/chat/completions");
  const body = JSON.stringify({ model: "m2" });
  const answer = await ask(own, {
    target: "/v1/chat/completions",
    headers: ["Content-Type: application/json"],
    body,
  });
  expect(answer.text).toBe('{"target":"/first/chat/completions"}');
  // The shared listener still has to choose.
  expect((await gateway.ask({ target: "/v1/files" })).status).toBe(400);
});

test("at the listener of an endpoint that a reload has removed, the refusal names the endpoints that there are", async () => {
  await using gateway = await start({}, ["127.0.0.1:0"]);
  gateway.write({
    endpoints: { second: { url: `${upstream.origin}/second`, credentials: ["gen-cert"], ca: "ca.pem" } },
  });
  await gateway.app.reload();
  const answer = await ask(gateway.app.listen[1] ?? "", { target: "/v1/files" });
  expect([answer.status, errorIn(answer).code]).toEqual([404, "endpoint_unknown"]);
  expect(errorIn(answer).message).toContain('no endpoint is named "first"; the endpoints are: second');
});
