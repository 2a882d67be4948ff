import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { RequestRecord } from "../../src/gateway/record.ts";
import { chat, pass, samples, stage } from "./stage.ts";

const page = readFileSync("docs/metrics.md", "utf8");
const documented = [
  ...page.matchAll(/^\| `((?:postern|gen_ai)_[a-z_]+)` \| (counter|gauge|histogram) \| (.*?) \|/gm),
].map(([, name = "", type = "", labels = ""]) => ({
  name,
  type,
  labels: [...labels.matchAll(/`([a-z_]+)`/g)].map(([, label = ""]) => label).toSorted(),
}));

/** One of everything that can be counted. */
function busy() {
  const metrics = stage(["plain"]);
  pass(metrics, chat({ localKey: "editor" }));
  pass(
    metrics,
    chat({ endpoint: "plain", model: "who/knows", outcome: "upstream-stream", code: "upstream_closed" }),
  );
  pass(
    metrics,
    chat({ endpoint: undefined, status: 404, outcome: "postern-request", code: "model_unknown" }),
  );
  metrics.tried("private-2", "429");
  metrics.tried("private-2", "answered");
  metrics.cached("private-2", "miss");
  metrics.refusedByKey("editor", "tokens");
  metrics.refusedByKey("", "unknown");
  metrics.reloaded(true);
  return metrics;
}

const model = "meta-llama/Llama-3.2-3B-Instruct";
const genAi = `endpoint="private-2",gen_ai_operation_name="chat",gen_ai_provider_name="openai"`;
const named = `${genAi},gen_ai_request_model="${model}"`;

/** The samples with this name after these requests. */
async function after(name: string, ...records: readonly RequestRecord[]): Promise<Record<string, number>> {
  const metrics = stage();
  for (const record of records) pass(metrics, record);
  return samples((await metrics.exposition()).text, name);
}

describe("docs/metrics.md", () => {
  test("lists every metric with its type, and no other", async () => {
    const { text } = await busy().exposition();
    const types = [...text.matchAll(/^# TYPE ((?:postern|gen_ai)_\S+) (\S+)$/gm)];
    expect(documented.map(({ name, type }) => `${name} ${type}`).toSorted()).toEqual(
      types.map(([, name, type]) => `${name} ${type}`).toSorted(),
    );
  });

  test("lists the labels of every metric", async () => {
    const { text } = await busy().exposition();
    for (const { name, labels } of documented) {
      if (name === "postern_certificate_expiry_seconds") continue;
      const found = new Set(
        [...text.matchAll(new RegExp(`^${name}(?:_bucket)?(?:\\{(.*)\\})? \\S+$`, "gm"))].flatMap(
          ([, all = ""]) => [...all.matchAll(/(?:^|,)([a-z_]+)="/g)].map(([, label = ""]) => label),
        ),
      );
      expect({ name, labels: [...found].filter((label) => label !== "le").toSorted() }).toEqual({
        name,
        labels,
      });
    }
  });

  test("explains every outcome of the type", () => {
    const source = readFileSync("src/gateway/outcome.ts", "utf8");
    const phases = ["connect", "wait", "stream"];
    const outcomes = [
      "done",
      "postern-request",
      "postern-internal",
      "client-request",
      ...["client", "upstream", "timeout"].flatMap((by) => phases.map((phase) => `${by}-${phase}`)),
    ];
    for (const by of ["client", "upstream", "timeout"]) expect(source).toContain(`\`${by}-`);
    for (const outcome of outcomes) expect(page).toContain(`\`${outcome}\``);
  });
});

test("promtool, Prometheus' own, has no complaint about a metric of ours", async () => {
  const { text } = await busy().exposition();
  const { stderr, stdout, error } = spawnSync("promtool", ["check", "metrics"], {
    input: text,
    encoding: "utf8",
  });
  expect(error).toBeUndefined();
  expect(`${stdout}${stderr}`).not.toMatch(/error/i);
  expect(`${stdout}${stderr}`.split("\n").filter((line) => /^(postern|gen_ai)_/.test(line))).toEqual([]);
});

describe("a request is counted", () => {
  test("by endpoint, status and outcome, with what it carried", async () => {
    const metrics = stage();
    for (const record of [chat(), chat({ status: 500 }), chat({ endpoint: undefined, status: 404 })])
      pass(metrics, record);
    const { text } = await metrics.exposition();
    expect(samples(text, "postern_requests_total")).toEqual({
      '{endpoint="private-2",status="200",outcome="done"}': 1,
      '{endpoint="private-2",status="500",outcome="done"}': 1,
      '{endpoint="",status="404",outcome="done"}': 1,
    });
    expect(samples(text, "postern_sent_bytes_total")).toEqual({ '{endpoint="private-2"}': 1000 });
    expect(samples(text, "postern_received_bytes_total")).toEqual({ '{endpoint="private-2"}': 2000 });
  });

  test("while it is on its way, and not twice when it goes on to another endpoint", async () => {
    const metrics = stage();
    const inFlight = async () => samples((await metrics.exposition()).text, "postern_requests_in_flight");
    metrics.routed("plain");
    expect(await inFlight()).toEqual({ '{endpoint="plain"}': 1 });
    metrics.passedOn("plain");
    metrics.routed("private-2");
    expect(await inFlight()).toEqual({ '{endpoint="plain"}': 0, '{endpoint="private-2"}': 1 });
    metrics.ended(chat());
    expect(await inFlight()).toEqual({ '{endpoint="plain"}': 0, '{endpoint="private-2"}': 0 });
  });

  test("with its times, in buckets that add up", async () => {
    const buckets = await after(
      "postern_time_to_first_byte_seconds_bucket",
      chat(),
      chat({ firstByteMs: 1500 }),
    );
    const bucket = (le: string) => buckets[`{endpoint="private-2",le="${le}"}`];
    // A value on a bound belongs to its bucket: 0.5 s.
    expect(["0.1", "0.25", "0.5", "1", "300", "+Inf"].map(bucket)).toEqual([0, 1, 2, 2, 2, 2]);
    expect(await after("postern_stream_duration_seconds_sum", chat())).toEqual({
      '{endpoint="private-2"}': 1.1,
    });
  });

  test("by its local key, with its tokens", async () => {
    const metrics = stage();
    pass(metrics, chat({ localKey: "editor" }));
    pass(metrics, chat({ localKey: "editor", usage: undefined }));
    pass(metrics, chat());
    const { text } = await metrics.exposition();
    expect(samples(text, "postern_local_key_requests_total")).toEqual({ '{key="editor"}': 2 });
    expect(samples(text, "postern_local_key_tokens_total")).toEqual({
      '{key="editor",type="input"}': 20,
      '{key="editor",type="output"}': 11,
    });
  });
});

describe("the metrics of OpenTelemetry's conventions", () => {
  test("count tokens, times and speed of a streamed chat", async () => {
    const sums = async (name: string) => after(`${name}_sum`, chat());
    expect(await sums("gen_ai_client_token_usage")).toEqual({
      [`{${named},gen_ai_token_type="input"}`]: 20,
      [`{${named},gen_ai_token_type="output"}`]: 11,
    });
    expect(await sums("gen_ai_server_request_duration_seconds")).toEqual({ [`{${named}}`]: 1.3 });
    expect(await sums("gen_ai_server_time_to_first_token_seconds")).toEqual({ [`{${named}}`]: 0.3 });
    expect(await sums("gen_ai_server_time_per_output_token_seconds")).toEqual({ [`{${named}}`]: 0.1 });
    expect(await sums("postern_output_tokens_per_second")).toEqual({ [`{${named}}`]: 10 });
  });

  test("tell no first token of an answer that was no stream", async () => {
    const unary = chat({ firstTokenMs: undefined });
    expect(await after("gen_ai_server_time_to_first_token_seconds_sum", unary)).toEqual({});
    expect(await after("gen_ai_server_time_per_output_token_seconds_sum", unary)).toEqual({});
    expect(await after("gen_ai_client_token_usage_count", unary)).not.toEqual({});
  });

  test.each<[string, Partial<RequestRecord>]>([
    ["429", { status: 429 }],
    ["upstream_closed", { status: 502, code: "upstream_closed", outcome: "upstream-wait" }],
    ["client-stream", { outcome: "client-stream" }],
  ])("tell the type of an error, and no speed: %s", async (type, change) => {
    const name = "gen_ai_server_request_duration_seconds_count";
    expect(await after(name, chat(change))).toEqual({ [`{${named},error_type="${type}"}`]: 1 });
    expect(await after("gen_ai_server_time_to_first_token_seconds_count", chat(change))).toEqual({});
  });

  test.each([
    ["/embeddings", "embeddings", "openai"],
    ["/completions", "text_completion", "openai"],
    ["/messages", "chat", "anthropic"],
    ["/responses", "chat", "openai"],
  ])("know the operation of %s", async (path, operation, provider) => {
    const [labels = ""] = Object.keys(
      await after("gen_ai_server_request_duration_seconds_count", chat({ path })),
    );
    expect(labels).toContain(`gen_ai_operation_name="${operation}",gen_ai_provider_name="${provider}"`);
  });

  test("share one series between paths with the same operation", async () => {
    const name = "gen_ai_server_request_duration_seconds_count";
    expect(await after(name, chat(), chat({ path: "/responses" }))).toEqual({ [`{${named}}`]: 2 });
  });

  test("leave out what asks no model, and what the cache answered", async () => {
    for (const change of [{ path: "/models" }, { method: "GET" }, { cache: "hit" }] as const)
      expect(await after("gen_ai_server_request_duration_seconds_count", chat(change))).toEqual({});
  });
});

describe("no label holds text of a client", () => {
  test.each([
    ["an alias is told by the endpoint's own id", "private-2", "llama", `,gen_ai_request_model="${model}"`],
    ["an id is told as it is", "private-2", model, `,gen_ai_request_model="${model}"`],
    ["the target of an alias too", "private-2", "other", ',gen_ai_request_model="an/other"'],
    ["a model that the configuration does not name is not told", "plain", "canary-model-1f", ""],
    ["nor one of another endpoint", "plain", "llama", ""],
    ["nor one that every object has", "private-2", "constructor", ""],
  ])("%s", async (_name, endpoint, asked, label) => {
    const labels = `{${genAi.replace("private-2", endpoint)}${label}}`;
    expect(
      await after("gen_ai_server_request_duration_seconds_count", chat({ endpoint, model: asked })),
    ).toEqual({
      [labels]: 1,
    });
  });

  test("a path, an id and a method are nowhere", async () => {
    const metrics = stage();
    const text = "canary-text-77";
    pass(metrics, chat({ path: `/${text}`, model: text }));
    pass(metrics, { ...chat(), id: text, method: text });
    expect((await metrics.exposition()).text).not.toContain(text);
  });
});

test("other counts are told as they were given", async () => {
  const { text } = await busy().exposition();
  expect(samples(text, "postern_upstream_attempts_total")).toEqual({
    '{endpoint="private-2",result="429"}': 1,
    '{endpoint="private-2",result="answered"}': 1,
  });
  expect(samples(text, "postern_endpoint_ejected")).toEqual({
    '{endpoint="private-2"}': 0,
    '{endpoint="plain"}': 1,
  });
  expect(samples(text, "postern_cache_requests_total")).toEqual({
    '{endpoint="private-2",result="miss"}': 1,
  });
  expect(samples(text, "postern_cache_bytes")).toEqual({ '{endpoint="private-2"}': 4096 });
  expect(samples(text, "postern_local_key_refusals_total")).toEqual({
    '{key="editor",reason="tokens"}': 1,
    '{key="",reason="unknown"}': 1,
  });
});

test("a refused reload shows until the next one is applied", async () => {
  const metrics = stage();
  const ok = async () =>
    samples((await metrics.exposition()).text, "postern_configuration_last_reload_successful");
  expect(await ok()).toEqual({ "": 1 });
  metrics.reloaded(false);
  expect(await ok()).toEqual({ "": 0 });
  metrics.reloaded(true);
  expect(await ok()).toEqual({ "": 1 });
});

test("what is not read loads no metrics library", () => {
  const script = `
    import { Metrics } from "./src/gateway/metrics/metrics.ts";
    import { createRequire } from "node:module";
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes("prom-client"));
    const metrics = new Metrics(() => ({ destinations: new Map() }));
    metrics.routed("a");
    const before = loaded();
    await metrics.exposition();
    console.log(before, loaded());`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(said.trim()).toBe("false true");
});
