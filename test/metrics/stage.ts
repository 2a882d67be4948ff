import { problem } from "../../src/errors.ts";
import { Metrics } from "../../src/gateway/metrics/metrics.ts";
import { beginRecord, type RequestRecord } from "../../src/gateway/record.ts";
import { Standing } from "../../src/gateway/attempts/standing.ts";
import { good } from "../config/support.ts";

const text = `
endpoints:
  private-2:
    url: https://private-2.example.com/openai/v1
    credentials: gen-cert
    models: [meta-llama/Llama-3.2-3B-Instruct]
    aliases: { llama: meta-llama/Llama-3.2-3B-Instruct, other: an/other }
  plain:
    url: https://plain.example.com/v1
    credentials: gen-cert
`;

/**
 * Metrics of a gateway with two endpoints, without the gateway.
 *
 * @param failing the endpoints whose probes fail
 */
export function stage(failing: readonly string[] = []): Metrics {
  const destinations = new Map(
    [...good(text).endpoints].map(([name, endpoint]) => {
      const standing = new Standing();
      standing.probed(!failing.includes(name), 0);
      const way = problem("credential_missing", { endpoint: name, item: "gen-cert" });
      return [name, { endpoint, way, standing }];
    }),
  );
  return new Metrics(
    () => ({ destinations }),
    () => [["private-2", 4096]],
  );
}

/** A streamed chat of 11 tokens that began at 1 s: head after 0.2 s, first token after 0.3 s, end after 1.3 s. */
export const chat = (change: Partial<RequestRecord> = {}): RequestRecord => ({
  ...beginRecord({ number: 1, id: "an-id", method: "POST", startedMs: 1000, startedAt: 0 }),
  path: "/chat/completions",
  endpoint: "private-2",
  model: "llama",
  status: 200,
  outcome: "done",
  firstByteMs: 1200,
  firstTokenMs: 1300,
  endedMs: 2300,
  sentBytes: 500,
  receivedBytes: 1000,
  usage: { inputTokens: 20, outputTokens: 11 },
  ...change,
});

/** Counts a request as the gateway does. */
export function pass(metrics: Metrics, record: RequestRecord): void {
  if (record.endpoint !== undefined) metrics.routed(record.endpoint);
  metrics.ended(record);
}

/** The samples of an exposition whose line begins with `name`: their labels, sorted, and their value. */
export const samples = (text: string, name: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .map((line) => [
        line.slice(name.length, line.lastIndexOf(" ")),
        Number(line.slice(line.lastIndexOf(" "))),
      ]),
  );
