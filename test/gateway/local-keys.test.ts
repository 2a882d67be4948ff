import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { errorIn, type Answer } from "../support/client.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { valuesOf } from "../support/wire.ts";
import { hashOf, makeKeys, startWithKeys, bringing } from "./local-keys.ts";

const keys = makeKeys("any", "private", "a", "short");
let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startWithKeys({
    any: { hash: hashOf(keys.any) },
    private: { hash: hashOf(keys.private), endpoints: ["private"] },
    a: { hash: hashOf(keys.a), models: ["model-a"] },
    short: { hash: hashOf(keys.short), models: "short", endpoints: "second" },
  });
});
afterEach(() => it.upstream.forget());
afterAll(async () => {
  const said = it.gateway.log.text + (await it.gateway.admin("/metrics")).text;
  await it[Symbol.asyncDispose]();
  for (const key of Object.values(keys)) expect(said).not.toContain(key);
});

const chat = (headers: readonly string[], body: string | Buffer, target = "/v1/chat/completions") =>
  it.gateway.ask({ method: "POST", target, headers, body });
const asking = (model: string): string => JSON.stringify({ model, messages: [] });
const header = ({ headers }: Answer, name: string): string | undefined =>
  headers.find(([key]) => key.toLowerCase() === name)?.[1];

/** Expects a refusal of ours, and that the endpoint has seen nothing. */
async function refused(answering: Promise<Answer>, status: number, code: string): Promise<Answer> {
  const answer = await answering;
  expect([answer.status, errorIn(answer).code]).toEqual([status, code]);
  expect(it.upstream.exchanges).toEqual([]);
  return answer;
}

describe("with keys configured, every request needs one", () => {
  test("none is 401, with the way out", async () => {
    const answer = await refused(
      chat(["Content-Type: application/json"], asking("model-a")),
      401,
      "local_key_required",
    );
    expect(errorIn(answer).message).toContain("postern key add");
    expect(header(answer, "www-authenticate")).toMatch(/^Bearer/);
  });
  for (const [what, value] of Object.entries({
    "a dummy": "no_key",
    "the hash in the key's place": hashOf(keys.any),
    "a key with one character more": `${keys.any}x`,
    "a key in another case": keys.any.toUpperCase(),
  }))
    test(`${what} is 401`, () => refused(chat(bringing(value), asking("model-a")), 401, "local_key_unknown"));
  for (const target of ["/v1/models", "/nosuch/v1/x", "/private/raw/metrics", "/private/v1/files"])
    test(`${target} is no exception`, () => refused(it.gateway.ask({ target }), 401, "local_key_required"));
  test("a WebSocket is no exception", () =>
    refused(
      it.gateway.ask({
        target: "/private/v1/realtime",
        headers: ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
      }),
      401,
      "local_key_required",
    ));
});

describe("a key is taken as the SDKs send it, and never goes on to the endpoint", () => {
  for (const line of [
    `Authorization: Bearer ${keys.any}`,
    `authorization: bearer ${keys.any}`,
    `x-api-key: ${keys.any}`,
    `API-Key: ${keys.any}`,
  ])
    test(line.replace(keys.any, "KEY"), async () => {
      const answer = await chat(["Content-Type: application/json", line], asking("model-a"));
      expect(answer.status).toBe(200);
      const [exchange] = it.upstream.exchanges;
      expect(JSON.stringify(exchange?.head)).not.toContain(keys.any);
      expect(valuesOf(exchange?.head ?? { start: "", headers: [] }, "authorization")).toEqual([]);
    });
  test("the same key in several headers is one key", async () => {
    const answer = await chat([...bringing(keys.any), `x-api-key: ${keys.any}`], asking("model-a"));
    expect(answer.status).toBe(200);
  });
  test("two different keys are refused, though one of them is right", () =>
    refused(
      chat([...bringing(keys.any), "x-api-key: no_key"], asking("model-a")),
      400,
      "request_headers_invalid",
    ));
  test("the log line names the key's application", async () => {
    await chat(bringing(keys.any), asking("model-a"));
    expect((await it.gateway.ended(1)).at(-1)).toMatchObject({ localKey: "any", endpoint: "private" });
  });
});

describe("a key that is limited to endpoints", () => {
  test("reaches its own, by name and by model", async () => {
    expect((await chat(bringing(keys.private), asking("x"), "/private/v1/chat/completions")).status).toBe(
      200,
    );
    expect((await chat(bringing(keys.private), asking("model-a"))).status).toBe(200);
  });
  for (const target of ["/second/v1/chat/completions", "/second/raw/metrics", "/second/v1/models"])
    test(`gets 403 for ${target}`, () =>
      refused(chat(bringing(keys.private), asking("model-b"), target), 403, "local_key_forbids"));
  test("gets 403 for a model that only another endpoint serves", () =>
    refused(chat(bringing(keys.private), asking("model-b")), 403, "local_key_forbids"));
  test("both count as refused, by name and by model", async () => {
    const count = () =>
      it.gateway.metric("postern_local_key_refusals_total", 'key="private",reason="endpoint"');
    for (const target of ["/second/v1/chat/completions", "/v1/chat/completions", "/v1/models/model-b"]) {
      const before = await count();
      const body = target.endsWith("completions") ? { body: asking("model-b") } : {};
      const answering = it.gateway.ask({ target, headers: bringing(keys.private), ...body });
      await refused(answering, 403, "local_key_forbids");
      expect((await count()) - before, target).toBe(1);
    }
  });
  test("is shown the models of its own only", async () => {
    const answer = await it.gateway.ask({ target: "/v1/models", headers: bringing(keys.private) });
    const { data } = JSON.parse(answer.text) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(["model-a"]);
  });
});

test("a key is shown no model that it could not name, though it sees one endpoint only", async () => {
  const { app } = makeKeys("app");
  const settings = { keys: { app: { hash: hashOf(app), endpoints: ["second"] } } };
  const others = (origin: string) => ({
    second: { url: `${origin}/second/v1`, credentials: ["gen-cert"], ca: "server-ca.pem" },
  });
  await using own = await startPrivateEndpoint({ settings, endpoint: { models: ["model-a"] }, others });
  own.upstream.answer = (exchange) => exchange.json({ object: "list", data: [{ id: "unnamed" }] });
  const { gateway, endpoint } = own;
  const shown = async (): Promise<unknown> => {
    const { text } = await gateway.ask({ target: "/v1/models", headers: bringing(app) });
    return (JSON.parse(text) as { data: unknown }).data;
  };
  const ask = { target: "/v1/chat/completions", headers: bringing(app), body: asking("unnamed") };
  expect(errorIn(await gateway.ask(ask)).code).toBe("model_unknown");
  expect(await shown()).toEqual([]);
  // As the default it gets whatever no other endpoint names.
  const second = others(own.upstream.origin).second;
  gateway.write({ ...settings, endpoints: { private: endpoint, second }, "default-endpoint": "second" });
  await gateway.app.reload();
  expect((await gateway.ask(ask)).status).toBe(200);
  expect(await shown()).toEqual([{ id: "unnamed" }]);
});

describe("a key that is limited to models", () => {
  test("may name its model, wherever it stands in the body and however long that is", async () => {
    for (const body of [
      asking("model-a"),
      `{"messages":"${"x".repeat(200_000)}","model":"model-a"}`,
      '{"model" : "model\\u002da"}',
    ])
      for (const target of ["/v1/chat/completions", "/private/v1/chat/completions"]) {
        expect((await chat(bringing(keys.a), body, target)).status).toBe(200);
        const sent = (await it.upstream.exchanges.at(-1)?.body)?.toString();
        // Not compared by the matcher, which would print it all.
        expect(sent === body, body.slice(0, 40)).toBe(true);
      }
  });
  test("may name an alias that it is allowed, and not the id behind it", async () => {
    expect((await chat(bringing(keys.short), asking("short"))).status).toBe(200);
    expect((await it.upstream.exchanges.at(-1)?.body)?.toString()).toBe(asking("model-b"));
    it.upstream.forget();
    await refused(chat(bringing(keys.short), asking("model-b")), 403, "local_key_forbids");
  });
  test("gets 403 for another model", async () => {
    await refused(chat(bringing(keys.a), asking("model-b")), 403, "local_key_forbids");
    await refused(
      chat(bringing(keys.a), asking("model-b"), "/private/v1/chat/completions"),
      403,
      "local_key_forbids",
    );
  });

  const a = '"model":"model-a"';
  const unsure: Record<string, string | Buffer> = {
    "the model twice": `{${a},"model":"model-b"}`,
    "the same model twice": `{${a},${a}}`,
    "another model before it": `{"model":"model-b",${a}}`,
    "the key escaped": String.raw`{${a},"mod\u0065l":"model-b"}`,
    "the key escaped, alone": String.raw`{"\u006dodel":"model-a"}`,
    "the key in another case": `{${a},"Model":"model-b"}`,
    "no model": '{"messages":[]}',
    "a model that is no text": '{"model":["model-a"]}',
    "a list": `[{${a}}]`,
    "a model behind the JSON's end": `{${a}}{"model":"model-b"}`,
    "JSON cut short": `{${a},"messages":[`,
    "a comma too many": `{${a},}`,
    "a byte order mark": `\u{feff}{${a}}`,
    "UTF-16": Buffer.from(`{${a}}`, "utf16le"),
    "bytes that are not UTF-8": Buffer.concat([Buffer.from(`{${a},"x":"`), Buffer.from([0xff, 0x22, 0x7d])]),
    "a far second model, behind what is read of other bodies": `{${a},"x":"${"y".repeat(100_000)}","model":"model-b"}`,
    nothing: "",
  };
  for (const [name, body] of Object.entries(unsure))
    test(`is refused what parsers could read in two ways: ${name}`, () =>
      refused(chat(bringing(keys.a), body), 400, "model_ambiguous"));
  test("is refused a body under two types, another character set, or compressed", async () => {
    const auth = `x-api-key: ${keys.a}`;
    for (const headers of [
      ["Content-Type: application/json; charset=utf-16"],
      ["Content-Type: application/json", "Content-Type: application/json"],
      ["Content-Type: application/x-own"],
      [],
      ["Content-Type: application/json", "Content-Encoding: gzip"],
    ])
      await refused(chat([auth, ...headers], asking("model-a")), 400, "model_ambiguous");
  });

  for (const [method, target] of [
    ["GET", "/private/raw/metrics"],
    ["POST", "/private/raw/openai/v1/chat/completions"],
    ["POST", "/private/v1/load_lora_adapter"],
    ["POST", "/v1/files"],
    ["DELETE", "/private/v1/models/model-a"],
    ["GET", "/private/v1/files"],
  ] as const)
    test(`gets 403 for ${method} ${target}`, () =>
      refused(
        it.gateway.ask({
          method,
          target,
          headers: bringing(keys.a),
          ...(method === "POST" && { body: asking("model-a") }),
        }),
        403,
        "local_key_forbids",
      ));
  for (const target of [
    "/private/v1/realtime?model=model-a",
    "/v1/models/model-a",
    "/private/v1/models/model-a",
    "/v1/models",
  ])
    test(`gets 403 for a WebSocket at ${target}, whose model travels inside`, () =>
      refused(
        it.gateway.ask({
          target,
          headers: [`x-api-key: ${keys.a}`, "Connection: Upgrade", "Upgrade: websocket"],
        }),
        403,
        "local_key_forbids",
      ));
  test("is shown its models only, by the list of all and by an endpoint's own", async () => {
    it.upstream.answer = (exchange) =>
      exchange.json({ data: ["model-a", "model-c"].map((id) => ({ id, object: "model" })) });
    for (const target of ["/v1/models", "/private/v1/models", "/private/v1/models/"]) {
      const answer = await it.gateway.ask({ target, headers: bringing(keys.a) });
      const { data } = JSON.parse(answer.text) as { data: { id: string }[] };
      expect(
        data.map(({ id }) => id),
        target,
      ).toEqual(["model-a"]);
    }
    const other = await it.gateway.ask({ target: "/second/v1/models", headers: bringing(keys.a) });
    expect(JSON.parse(other.text)).toMatchObject({ data: [] });
    expect((await it.gateway.ask({ target: "/v1/models/model-a", headers: bringing(keys.a) })).status).toBe(
      200,
    );
    it.upstream.forget();
    await refused(
      it.gateway.ask({ target: "/v1/models/model-b", headers: bringing(keys.a) }),
      403,
      "local_key_forbids",
    );
    it.upstream.answer = (exchange) => exchange.json({});
  });
});

describe("a form from a key that is limited to models", () => {
  const part = (disposition: string, value: string, ...more: string[]): string =>
    [`--x`, `Content-Disposition: form-data; ${disposition}`, ...more, "", value, ""].join("\r\n");
  const file = part('name="file"; filename="a.wav"', "RIFF", "Content-Type: audio/wav");
  const model = part('name="model"', "model-a");
  const transcribe = (body: string, type = "multipart/form-data; boundary=x") =>
    it.gateway.ask({
      method: "POST",
      target: "/v1/audio/transcriptions",
      headers: [`Content-Type: ${type}`, `api-key: ${keys.a}`],
      body,
    });
  test("goes to the endpoint as it was sent, however clients write it", async () => {
    for (const body of [
      `${file}${model}--x--\r\n`,
      `${model}${file}--x--`,
      `${file}${part("name=model", "model-a", "Content-Type: text/plain; charset=utf-8")}--x--\r\n`,
    ]) {
      expect((await transcribe(body)).status, body).toBe(200);
      expect((await it.upstream.exchanges.at(-1)?.body)?.toString()).toBe(body);
    }
  });
  test("with another model is 403", () =>
    refused(transcribe(`${part('name="model"', "model-b")}--x--\r\n`), 403, "local_key_forbids"));
  const strange: Record<string, string> = {
    "the model twice": `${model}${part('name="model"', "model-b")}--x--\r\n`,
    "no model": `${file}--x--\r\n`,
    "the model as a file": `${part('name="model"; filename="m"', "model-a")}--x--\r\n`,
    "an escaped name": `${model}${part('name="m\\odel"', "model-b")}--x--\r\n`,
    "a name in percent": `${model}${part('name="%6dodel"', "model-b")}--x--\r\n`,
    "a name in another case": `${model}${part('name="MODEL"', "model-b")}--x--\r\n`,
    "two names": `${model}${part('name="x"; name="model"', "model-b")}--x--\r\n`,
    "two dispositions": `${model}${part('name="x"', "model-b", 'Content-Disposition: form-data; name="model"')}--x--\r\n`,
    "a field in front of the first boundary": `preamble\r\n${model}--x--\r\n`,
    "a form behind the form": `${model}--x--\r\n${part('name="model"', "model-b")}--x--\r\n`,
    "an encoded field": `${model}${part('name="x"', "bW9kZWwtYg==", "Content-Transfer-Encoding: base64", "X-Own: y")}--x--\r\n`,
    "no end": model,
  };
  for (const [name, body] of Object.entries(strange))
    test(`is refused with ${name}`, () => refused(transcribe(body), 400, "model_ambiguous"));
  test("is refused with parameters beside its boundary", () =>
    refused(
      transcribe(`${model}--x--\r\n`, "multipart/form-data; boundary=x; boundary=y"),
      400,
      "model_ambiguous",
    ));
});

describe("keys come and go while the gateway runs", () => {
  const more = makeKeys("new");
  test("a key that was removed is refused, a new one is taken, and none at all refuses everybody", async () => {
    const other = await startWithKeys({ old: { hash: hashOf(keys.any) } });
    try {
      const { gateway, endpoint } = other;
      const ask = (key: string) => gateway.ask({ target: "/v1/models", headers: bringing(key) });
      expect((await ask(keys.any)).status).toBe(200);
      gateway.write({ endpoints: { private: endpoint }, keys: { new: { hash: hashOf(more.new) } } });
      await gateway.app.reload();
      expect((await ask(keys.any)).status).toBe(401);
      expect((await ask(more.new)).status).toBe(200);
      gateway.write({ endpoints: { private: endpoint }, keys: {} });
      await gateway.app.reload();
      expect((await ask(more.new)).status).toBe(401);
      gateway.write({ endpoints: { private: endpoint } });
      await gateway.app.reload();
      expect((await ask("no_key")).status).toBe(200);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });
});

test("the record tells which key used which credentials: once for each value, and never the key", async () => {
  const uses = makeKeys("recorded");
  const own = await startWithKeys({ recorded: { hash: hashOf(uses.recorded) } });
  try {
    const asked = {
      method: "POST",
      target: "/private/v1/chat/completions",
      headers: bringing(uses.recorded),
      body: asking("model-a"),
    };
    for (let i = 0; i < 3; i += 1) expect((await own.gateway.ask(asked)).status).toBe(200);
    const log = readFileSync(own.gateway.folder.file("audit.log"), "utf8");
    const lines = log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ key }) => key !== undefined);
    expect(lines.length).toBeGreaterThan(0);
    expect(new Set(lines.map(({ item }) => item)).size).toBe(lines.length);
    for (const line of lines)
      expect(line).toMatchObject({
        command: "serve",
        action: "attach",
        key: "recorded",
        endpoint: "private",
      });
    expect(log).not.toContain(uses.recorded);
  } finally {
    await own[Symbol.asyncDispose]();
  }
});
