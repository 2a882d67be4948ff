import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { withModel } from "../../src/gateway/body/body.ts";
import { errorIn } from "../support/client.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { chunked, cutAtRandom, randomOf } from "../support/shapes.ts";

let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint({
    endpoint: {
      models: ["mine", "with/slash", "ünïcode 🚪", 'quo"te'],
      aliases: { small: "org/real-model", öl: "oil" },
    },
    settings: { limits: { peek: "8MiB" } },
    others: (origin) => ({
      other: { url: `${origin}/other`, credentials: ["gen-cert"], ca: "server-ca.pem", models: ["theirs"] },
    }),
  });
});
afterEach(() => it.upstream.forget());
afterAll(() => it[Symbol.asyncDispose]());

const type = "Content-Type: application/json";
const big = JSON.stringify([{ role: "user", content: 'x "model": "theirs" \\ { [ '.repeat(200_000) }]);

const post = (body: string | Buffer, headers: readonly string[] = [type]) =>
  it.gateway.ask({ method: "POST", target: "/v1/chat/completions", headers, body });

describe("the top-level model is found", () => {
  const cases: Record<string, string> = {
    "before 5 MB of messages": `{"model":"mine","messages":${big}}`,
    "after 5 MB of messages": `{"messages":${big},"model":"mine"}`,
    "after nested keys of the same name": '{"a":{"model":"theirs"},"b":[{"model":"theirs"}],"model":"mine"}',
    "after a string that looks like it": '{"prompt":"\\"model\\":\\"theirs\\"","model":"mine"}',
    "after a string that ends in a backslash": '{"prompt":"\\\\","model":"mine"}',
    "with an escaped key": '{"\\u006dodel":"mine"}',
    "with an escaped value": '{"model":"with\\/slash"}',
    "with surrogate pairs": '{"model":"\\u00fcn\\u00efcode \\ud83d\\udeaa"}',
    "with quotes in it": '{"model":"quo\\"te"}',
    "between odd white space": '\r\n\t { \n"model"\t:\r\n"mine" } ',
    "beside numbers, literals and empty things":
      '{"a":-1.5e+3,"b":true,"c":null,"d":[],"e":{},"f":"","model":"mine"}',
    "after a key that only ends so": '{"xmodel":"theirs","model ":"theirs","Model":"theirs","model":"mine"}',
    "after 1,000 levels of nesting": `{"deep":${"[".repeat(1000)}${"]".repeat(1000)},"model":"mine"}`,
  };
  for (const [name, body] of Object.entries(cases)) {
    test(name, async () => {
      const answer = await post(body);
      expect([answer.status, answer.text]).toEqual([200, '{"ok":true}']);
      expect(it.upstream.exchanges[0]?.target).toBe("/openai/v1/chat/completions");
      expect((await it.upstream.exchanges[0]?.body)?.equals(Buffer.from(body))).toBe(true);
    });
    test(`${name}, when it comes in pieces`, async () => {
      const bytes = Buffer.from(body);
      const pieces = cutAtRandom(bytes, Math.min(bytes.length, 200), randomOf(bytes.length));
      expect((await post(chunked(pieces), [type, "Transfer-Encoding: chunked"])).status).toBe(200);
      expect((await it.upstream.exchanges[0]?.body)?.equals(bytes)).toBe(true);
    });
  }

  test("with other JSON types", async () => {
    for (const type of ["application/json; charset=utf-8", "application/vnd.api+json", "APPLICATION/JSON"])
      expect((await post('{"model":"mine"}', [`Content-Type: ${type}`])).status, type).toBe(200);
  });
});

describe("a body whose model cannot be known is refused, and nothing reaches an endpoint", () => {
  const cases: Record<
    string,
    { body: string | Buffer; headers?: readonly string[]; status: number; code: string }
  > = {
    "no model": { body: '{"messages":[]}', status: 400, code: "model_missing" },
    "an empty object": { body: "{}", status: 400, code: "model_missing" },
    "only a nested model": { body: '{"a":{"model":"mine"}}', status: 400, code: "model_missing" },
    "an array": { body: '[{"model":"mine"}]', status: 400, code: "model_missing|body_unreadable" },
    "truncated before the model": {
      body: '{"messages":["a"',
      status: 400,
      code: "body_unreadable|model_missing",
    },
    "truncated inside the model": {
      body: '{"model":"mi',
      status: 400,
      code: "body_unreadable|model_missing",
    },
    "no JSON at all": { body: "hello", status: 400, code: "body_unreadable" },
    "an empty body": { body: "", status: 400, code: "model_missing|body_unreadable" },
    "a model that is no string": { body: '{"model":7}', status: 400, code: "model_missing|body_unreadable" },
    "a null model": { body: '{"model":null}', status: 400, code: "model_missing|body_unreadable" },
    "beyond limits.peek": {
      body: `{"messages":"${"x".repeat(9 << 20)}","model":"mine"}`,
      status: 413,
      code: "model_too_far",
    },
    gzip: {
      body: Buffer.from("1f8b0800", "hex"),
      headers: [type, "Content-Encoding: gzip"],
      status: 400,
      code: "body_unreadable",
    },
    "another type": {
      body: "model=mine",
      headers: ["Content-Type: application/x-own"],
      status: 400,
      code: "body_unreadable|model_missing",
    },
  };
  for (const [name, { body, headers = [type], status, code }] of Object.entries(cases))
    test(name, async () => {
      const answer = await post(body, headers);
      expect(answer.status).toBe(status);
      const error = errorIn(answer);
      expect(code.split("|")).toContain(error.code);
      expect(error.message).toContain("/private/v1");
      expect(it.upstream.exchanges).toEqual([]);
    });

  test("beyond the limit the error names it", async () => {
    const answer = await post(`{"messages":"${"x".repeat(9 << 20)}","model":"mine"}`);
    expect(errorIn(answer).message).toContain("8 MiB".replace(" ", ""));
  });
});

describe("ambiguous bodies reach no endpoint that their reader would not choose", () => {
  test("of two top-level models, the one that routes is the one that the endpoint gets", async () => {
    const answer = await post('{"model":"mine","model":"theirs"}');
    // JSON parsers keep the last of two equal keys, so that is the model that the endpoint would serve.
    expect(answer.status).toBe(200);
    expect(it.upstream.exchanges[0]?.target).toBe("/other/chat/completions");
  });

  test("a UTF-8 byte order mark before the JSON is passed over and passed on, or refused", async () => {
    const body = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{"model":"mine"}')]);
    const answer = await post(body);
    if (answer.status === 200) expect((await it.upstream.exchanges[0]?.body)?.equals(body)).toBe(true);
    else expect(errorIn(answer).code).toBe("body_unreadable");
  });
});

describe("an alias is replaced by the endpoint's own id, and nothing else changes", () => {
  const cases: Record<string, readonly [sent: string, arrives: string]> = {
    "in JSON": [
      '{ "a" : 1.0,"model" : "small" , "b":"small"}',
      '{ "a" : 1.0,"model" : "org/real-model" , "b":"small"}',
    ],
    "written with escapes": [
      '{"model":"sm\\u0061ll","x":"\\u0061"}',
      '{"model":"org/real-model","x":"\\u0061"}',
    ],
    "beyond ASCII": ['{"model":"öl"}', '{"model":"oil"}'],
    "after 5 MB": [`{"messages":${big},"model":"small"}`, `{"messages":${big},"model":"org/real-model"}`],
    "beside a nested one": [
      '{"a":{"model":"small"},"model":"small"}',
      '{"a":{"model":"small"},"model":"org/real-model"}',
    ],
  };
  for (const [name, [sent, arrives]] of Object.entries(cases)) {
    test(name, async () => {
      expect((await post(sent)).status).toBe(200);
      const body = await it.upstream.exchanges[0]?.body;
      expect(body?.equals(Buffer.from(arrives))).toBe(true);
    });
    test(`${name}, chunked`, async () => {
      const pieces = cutAtRandom(Buffer.from(sent), 20, randomOf(5));
      expect((await post(chunked(pieces), [type, "Transfer-Encoding: chunked"])).status).toBe(200);
      expect((await it.upstream.exchanges[0]?.body)?.equals(Buffer.from(arrives))).toBe(true);
    });
  }

  test("in multipart", async () => {
    const body = (model: string) =>
      `--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nsmall\r\n--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n${model}\r\n--b--\r\n`;
    const answer = await post(body("small"), ["Content-Type: multipart/form-data; boundary=b"]);
    expect(answer.status).toBe(200);
    expect((await it.upstream.exchanges[0]?.body)?.toString()).toBe(body("org/real-model"));
  });

  test("and no byte of the body is copied for it, wherever it is split", () => {
    const text = '{"messages":["hi"],"model":"small","stream":true}';
    const from = text.indexOf('"small"');
    const found = { model: "small", from, to: from + '"small"'.length };
    for (let cut = 0; cut <= text.length; cut += 1) {
      const bytes = Buffer.alloc(text.length, text);
      const body = {
        read: [bytes.subarray(0, cut), bytes.subarray(cut)],
        rest: undefined,
        length: text.length,
      };
      const { read, length } = withModel(body, found, "org/real-model", true);
      const sent = text.replace("small", "org/real-model");
      expect([Buffer.concat(read).toString(), length]).toEqual([sent, sent.length]);
      expect(read.filter(({ buffer }) => buffer !== bytes.buffer)).toHaveLength(1);
    }
  });

  test("on a path that names the endpoint too", async () => {
    const answer = await it.gateway.ask({
      target: "/private/v1/chat/completions",
      headers: [type],
      body: '{"model":"small"}',
    });
    expect(answer.status).toBe(200);
    expect((await it.upstream.exchanges[0]?.body)?.toString()).toBe('{"model":"org/real-model"}');
  });
});

describe("one endpoint serves all, and the model is only told", () => {
  const messages = (bytes: number): string => JSON.stringify([{ role: "user", content: "x".repeat(bytes) }]);
  const chunks = (body: string): Buffer => chunked([Buffer.from(body)]);
  const cases: Record<string, readonly [body: string | Buffer, framing: readonly string[], told: boolean]> = {
    "behind 100 kB of messages": [`{"messages":${messages(100_000)},"model":"m"}`, [], true],
    "behind 4 MB of messages": [`{"messages":${messages(4_000_000)},"model":"m"}`, [], true],
    "in chunks, which are streamed": [chunks('{"model":"m"}'), ["Transfer-Encoding: chunked"], false],
    "in a body that is longer than what is read whole": [
      `{"model":"m","messages":${messages(5_000_000)}}`,
      [],
      false,
    ],
  };
  for (const [name, [body, framing, told]] of Object.entries(cases))
    test(`${name}: ${told ? "in the log and in the metrics" : "in neither"}`, async () => {
      await using only = await startPrivateEndpoint({ endpoint: { models: ["m"] } });
      const headers = [type, ...framing];
      const answer = await only.gateway.ask({
        method: "POST",
        target: "/v1/chat/completions",
        headers,
        body,
      });
      expect(answer.status).toBe(200);
      const [line] = await only.gateway.ended(1);
      expect(line?.["model"]).toBe(told ? "m" : undefined);
      const counted = (labels: string): Promise<number> =>
        only.gateway.metric("gen_ai_server_request_duration_seconds_count", labels);
      expect(await counted('gen_ai_request_model="m"')).toBe(told ? 1 : 0);
    });
});

describe("multipart", () => {
  const part = (headers: string, content: string | Buffer) =>
    Buffer.concat([Buffer.from(`--b\r\n${headers}\r\n\r\n`), Buffer.from(content), Buffer.from("\r\n")]);
  const named = (name: string) => `Content-Disposition: form-data; name=${name}`;
  const end = Buffer.from("--b--\r\n");
  const cases: Record<string, readonly Buffer[]> = {
    "model after a 5 MB file": [
      part(`${named('"file"')}; filename="a.wav"`, Buffer.alloc(5 << 20, "--")),
      part(named('"model"'), "mine"),
    ],
    "model first": [part(named('"model"'), "mine"), part(`${named('"file"')}; filename="a"`, "data")],
    "an unquoted name": [part(named("model"), "mine")],
    "header names in other case": [part('content-disposition: form-data; name="model"', "mine")],
    "a file that looks like a model part": [
      part(
        `${named('"file"')}; filename="a"`,
        '--x\r\nContent-Disposition: form-data; name="model"\r\n\r\ntheirs',
      ),
      part(named('"model"'), "mine"),
    ],
    "a part that looks like the boundary": [
      part(named('"p"'), "--bb\r\n-- b\r\n"),
      part(named('"model"'), "mine"),
    ],
  };
  for (const [name, parts] of Object.entries(cases))
    test(name, async () => {
      const body = Buffer.concat([...parts, end]);
      const answer = await post(body, ["Content-Type: multipart/form-data; boundary=b"]);
      expect([answer.status, answer.text]).toEqual([200, '{"ok":true}']);
      expect(it.upstream.exchanges[0]?.target).toBe("/openai/v1/chat/completions");
      expect((await it.upstream.exchanges[0]?.body)?.equals(body)).toBe(true);
    });

  test("without a model, or without a boundary, is refused", async () => {
    const none = await post(Buffer.concat([part(named('"a"'), "x"), end]), [
      "Content-Type: multipart/form-data; boundary=b",
    ]);
    expect([none.status, errorIn(none).code]).toEqual([400, "model_missing"]);
    const odd = await post("x", ["Content-Type: multipart/form-data"]);
    expect([odd.status, errorIn(odd).code]).toEqual([400, "body_unreadable"]);
    expect(it.upstream.exchanges).toEqual([]);
  });
});
