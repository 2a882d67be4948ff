import { pino } from "pino";
import { expect, test } from "vitest";
import { AnswerCaches } from "../../src/gateway/cache/cache.ts";
import { Gateway } from "../../src/gateway/server.ts";
import { Traffic } from "../../src/gateway/live/traffic.ts";
import { Metrics } from "../../src/gateway/metrics/metrics.ts";
import type { Directory } from "../../src/gateway/directory.ts";
import { LocalQuota } from "../../src/gateway/keys/quota.ts";
import { rulesOf } from "../../src/gateway/keys/rules.ts";
import { ask } from "../support/client.ts";
import { Sink } from "../support/gateway.ts";

const nothing: Directory = {
  destinations: new Map(),
  byModel: new Map(),
  fallback: undefined,
  peekBytes: 1024,
};

const limits = { peekBytes: 1024, bodyBytes: 1024, connections: 10 };

function gatewayOf(log: Sink): Gateway {
  const directory = (): Directory => nothing;
  return new Gateway({
    directory,
    rules: () => rulesOf({ keys: undefined, allowHosts: [], allowOrigins: [], limits }),
    quota: new LocalQuota(() => 0),
    metrics: new Metrics(directory),
    traffic: new Traffic(),
    caches: new AnswerCaches(),
    used: () => {},
    log: pino(log),
    logTo: log,
  });
}

/** An address for documentation (RFC 3849), which no machine has: as ::1 is on a machine without IPv6. */
const unavailable = { host: "2001:db8::1", port: 0 };
const ipv4 = { host: "127.0.0.1", port: 0 };

test("on a machine without IPv6 the other listeners serve, and the log says what is missing", async () => {
  const log = new Sink();
  const gateway = gatewayOf(log);
  const urls = await gateway.listen([
    { address: ipv4, endpoint: undefined },
    { address: unavailable, endpoint: undefined },
  ]);
  expect(urls).toHaveLength(1);
  expect((await ask(urls[0] ?? "", { target: "/v1/models" })).status).toBe(404);
  expect(log.text).toContain("this machine has no IPv6");
  expect(log.text).toContain("2001:db8::1");
  await gateway.stop(AbortSignal.abort());
});

test("a listener that is the only one must be there", async () => {
  const gateway = gatewayOf(new Sink());
  const listening = gateway.listen([{ address: unavailable, endpoint: undefined }]);
  await expect(listening).rejects.toMatchObject({ code: "address_unavailable" });
});
