import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect, errorIn } from "../support/client.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { certificate } from "../support/gateway.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint({
    endpoint: {
      models: ["meta-llama/Llama-3.2-3B-Instruct"],
      aliases: { small: "meta-llama/Llama-3.2-3B-Instruct" },
    },
    others: (origin) => ({
      "at-root": { url: origin, credentials: ["gen-cert"], ca: "server-ca.pem", models: ["root-model"] },
      deep: {
        url: `${origin}//a//b/`,
        credentials: ["gen-cert"],
        ca: "server-ca.pem",
        models: ["deep-model"],
      },
    }),
  });
});
afterEach(() => it.upstream.forget());
afterAll(() => it[Symbol.asyncDispose]());

const type = "Content-Type: application/json";
const targets = () => it.upstream.exchanges.map(({ target }) => target);

describe("a path that names an endpoint goes below that endpoint's base path", () => {
  const cases: Record<string, string> = {
    "/private/v1/models": "/openai/v1/models",
    "/private/openai/v1/models": "/openai/v1/models",
    "/private/models": "/openai/v1/models",
    "/private/chat/completions": "/openai/v1/chat/completions",
    "/at-root/v1/models": "/models",
    "/deep/v1/models": "/a/b/models",
    "/deep/chat/completions?a=1": "/a/b/chat/completions?a=1",
    "/private/v1//models": "/openai/v1/models",
    "//private//v1/models": "/openai/v1/models",
    "/private/v1/files/": "/openai/v1/files/",
    "/private/v1/cserve/v1/health_check": "/openai/v1/cserve/v1/health_check",
    "/private/raw/cserve/v1/health_check": "/cserve/v1/health_check",
    "/private/raw/": "/",
    "/private/raw/health?deep=1": "/health?deep=1",
    "/private/raw//v1//x": "/v1/x",
    "/private/v1/models/meta-llama%2FLlama-3.2-3B-Instruct":
      "/openai/v1/models/meta-llama%2FLlama-3.2-3B-Instruct",
    "/private/v1/a%20b%C3%A9?q=%2F..%2F&r=a+b&r=//": "/openai/v1/a%20b%C3%A9?q=%2F..%2F&r=a+b&r=//",
    "/private/v1/x?": "/openai/v1/x?",
    "/private/v1/x??a=/../b": "/openai/v1/x??a=/../b",
    "/private/v1/a...b/.hidden/c..": "/openai/v1/a...b/.hidden/c..",
    "/private/v1/a;p=1/b:c@d!$&'()*,=~": "/openai/v1/a;p=1/b:c@d!$&'()*,=~",
  };
  for (const [target, expected] of Object.entries(cases))
    test(target, async () => {
      expect((await it.gateway.ask({ target })).status).toBe(200);
      expect(targets()).toEqual([expected]);
    });
});

describe("a path that names no endpoint is routed by the body's model", () => {
  const cases: readonly (readonly [target: string, model: string, expected: string])[] = [
    ["/v1/chat/completions", "meta-llama/Llama-3.2-3B-Instruct", "/openai/v1/chat/completions"],
    ["/openai/v1/chat/completions", "root-model", "/chat/completions"],
    ["/chat/completions", "deep-model", "/a/b/chat/completions"],
    ["/v1//chat/completions", "deep-model", "/a/b/chat/completions"],
    ["/v1/responses?stream=1", "root-model", "/responses?stream=1"],
    ["/v1/chat/completions", "small", "/openai/v1/chat/completions"],
  ];
  for (const [target, model, expected] of cases)
    test(`${target} for ${model}`, async () => {
      const answer = await it.gateway.ask({ target, headers: [type], body: JSON.stringify({ model }) });
      expect(answer.status).toBe(200);
      expect(targets()).toEqual([expected]);
    });

  test("a model that no endpoint serves is refused, and the known ones are named", async () => {
    const answer = await it.gateway.ask({
      target: "/v1/chat/completions",
      headers: [type],
      body: '{"model":"gpt-9"}',
    });
    expect(answer.status).toBe(404);
    const error = errorIn(answer);
    expect(error).toMatchObject({ code: "model_unknown", param: "model", type: "invalid_request_error" });
    for (const name of ["gpt-9", "meta-llama/Llama-3.2-3B-Instruct", "small", "root-model", "deep-model"])
      expect(error.message).toContain(name);
    expect(targets()).toEqual([]);
  });

  test("a request without a model is refused with the paths that need none", async () => {
    const answer = await it.gateway.ask({ target: "/v1/files" });
    expect([answer.status, errorIn(answer).code]).toEqual([400, "model_missing"]);
    expect(errorIn(answer).message).toContain("/private/v1");
    expect(targets()).toEqual([]);
  });
});

test("an endpoint that does not exist is named, with those that do", async () => {
  const answer = await it.gateway.ask({ target: "/nosuch/v1/models" });
  expect([answer.status, errorIn(answer).code]).toEqual([404, "endpoint_unknown"]);
  for (const name of ["nosuch", "private", "at-root", "deep"])
    expect(errorIn(answer).message).toContain(name);
});

describe("a target that could mean another place is refused", () => {
  const cases = [
    "/private/v1/../../admin",
    "/private/v1/./x",
    "/private/raw/..",
    "/private/v1/%2e%2e/admin",
    "/private/v1/%2E./admin",
    "/private/v1/.%2e",
    "/private/v1\\..\\..\\admin",
    "/private/raw/\\evil.test/x",
    "/private/v1/a%5c..%5cb/../x",
    "/private/v1/x#fragment",
    "http://evil.test/private/v1/models",
    "https://evil.test/v1/models",
    "evil.test/private/v1/models",
    "/private/v1/..;/admin",
    "/private/v1/%00x",
    "/private/v1/%0d%0aX-Injected:%201",
  ];
  // "..;" and encoded control characters are ordinary path text; they may pass as they are or be refused.
  const mayPass = new Set(["/private/v1/..;/admin", "/private/v1/%00x", "/private/v1/%0d%0aX-Injected:%201"]);
  for (const target of cases)
    test(target, async () => {
      const answer = await it.gateway.ask({ target });
      if (mayPass.has(target) && answer.status === 200) {
        expect(targets()).toEqual([target.replace("/private", "/openai")]);
        return;
      }
      // An absolute target of another host is refused for its host as well.
      expect([400, 403]).toContain(answer.status);
      expect(targets()).toEqual([]);
    });

  test("a control character or a byte beyond ASCII", async () => {
    for (const byte of ["\u0001", "\t", "\u007f", "\u00e9"]) {
      const answer = await it.gateway.ask({ target: `/private/v1/a${byte}b` });
      expect(answer.status, JSON.stringify(byte)).toBe(400);
    }
    expect(targets()).toEqual([]);
  });

  test("the icon that browsers ask for by themselves", async () => {
    expect((await it.gateway.ask({ target: "/favicon.ico" })).status).toBe(400);
    expect(targets()).toEqual([]);
  });

  test("with the error of the catalogue", async () => {
    const answer = await it.gateway.ask({ target: "/private/v1/../x" });
    expect(errorIn(answer)).toMatchObject({ code: "request_target_invalid", type: "invalid_request_error" });
  });

  test("an absolute target of the gateway's own host means the same as its path", async () => {
    const answer = await it.gateway.ask({ target: `${it.gateway.base}/private/v1/models` });
    if (answer.status === 200) expect(targets()).toEqual(["/openai/v1/models"]);
    else expect(answer.status).toBe(400);
  });

  test("CONNECT and OPTIONS * open nothing", async () => {
    for (const start of [
      "CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443",
      `OPTIONS * HTTP/1.1\r\nHost: ${new URL(it.gateway.base).host}`,
    ]) {
      const client = await connect(it.gateway.base);
      client.send(`${start}\r\n\r\n`);
      const answer = await client.answer().catch(() => undefined);
      expect(answer === undefined || answer.status >= 400, start).toBe(true);
      client.leave();
    }
    expect(targets()).toEqual([]);
  });
});

describe("where nothing has to be chosen, no model is needed", () => {
  const start = (settings: Readonly<Record<string, unknown>>, names: readonly string[]): Promise<Gateway> =>
    startGateway(
      {
        ...settings,
        endpoints: Object.fromEntries(
          names.map((name) => [
            name,
            {
              url: `${it.upstream.origin}/${name}`,
              credentials: ["gen-cert"],
              ca: "server-ca.pem",
              models: [`${name}-model`],
            },
          ]),
        ),
      },
      { "gen-cert": certificate(it.pki.client) },
      (folder) => folder.write("server-ca.pem", it.pki.serverCa.certificate),
    );

  test("the only endpoint takes every path and every model", async () => {
    await using gateway = await start({}, ["alone"]);
    for (const target of ["/v1/files", "/openai/v1/x", "/chat/completions", "/v1"])
      expect((await gateway.ask({ target })).status, target).toBe(200);
    const body = '{"model":"not-named-anywhere"}';
    expect((await gateway.ask({ target: "/v1/chat/completions", headers: [type], body })).status).toBe(200);
    expect(targets()).toEqual([
      "/alone/files",
      "/alone/x",
      "/alone/chat/completions",
      "/alone",
      "/alone/chat/completions",
    ]);
  });

  test("the default endpoint takes what names no model, and models that nobody names", async () => {
    await using gateway = await start({ "default-endpoint": "first" }, ["first", "second"]);
    await gateway.ask({ target: "/v1/files" });
    await gateway.ask({ target: "/v1/chat/completions", headers: [type], body: '{"model":"whatever"}' });
    await gateway.ask({ target: "/v1/chat/completions", headers: [type], body: '{"model":"second-model"}' });
    expect(targets()).toEqual(["/first/files", "/first/chat/completions", "/second/chat/completions"]);
  });

  test("without any endpoint, the error says how to add one", async () => {
    await using gateway = await start({}, []);
    const answer = await gateway.ask({ target: "/v1/models" });
    expect([answer.status, errorIn(answer).code]).toEqual([404, "endpoint_none"]);
    expect(errorIn(answer).message).toContain("postern endpoint add");
  });
});
