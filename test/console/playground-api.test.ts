import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { refusalIn } from "../../src/admin/api/playground-passage.ts";
import { hashOf, makeKeys } from "../gateway/local-keys.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { valuesOf } from "../support/wire.ts";
import { chunk, eventStream, finish } from "./chat-chunks.ts";
import { asAdmin } from "./admin-client.ts";

const keys = makeKeys("app");
const asked = { endpoint: "private", model: "m", messages: [{ role: "user", content: "hello" }] };

const ways = {
  "one process": {},
  "two workers": { workers: 2 },
  "one process that demands keys": { keys: { app: { hash: hashOf(keys.app) } } },
  "two workers that demand keys": { workers: 2, keys: { app: { hash: hashOf(keys.app) } } },
};

describe.each(Object.entries(ways))("with %s", (_name, settings) => {
  let it: PrivateEndpoint;
  beforeAll(async () => {
    it = await startPrivateEndpoint({ settings });
  });
  beforeEach(() => it.upstream.forget());
  afterAll(() => it[Symbol.asyncDispose]());

  const chat = (more: object = {}, signal?: AbortSignal): Promise<Response> =>
    asAdmin(it.gateway, "/playground/chat", {
      method: "POST",
      body: { ...asked, ...more },
      ...(signal && { signal }),
    });

  test("a chat reaches the endpoint through the client certificate, and its answer comes back byte for byte", async () => {
    const sent = `${chunk({ content: "grüß\0" })}${finish}`;
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write(`${eventStream}${sent}`);
      exchange.socket.end();
    };
    const arrives = it.upstream.next();
    const answer = await chat({ parameters: { temperature: 0.5, max_tokens: 7, stop: ["."] } });
    const exchange = await arrives;
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(await answer.text()).toBe(sent);
    expect(exchange.certificate).toBe("client.gen-cert.test");
    expect(exchange.target).toBe("/openai/v1/chat/completions");
    expect(JSON.parse((await exchange.body).toString())).toEqual({
      model: "m",
      messages: asked.messages,
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      max_tokens: 7,
      stop: ["."],
    });
    expect(valuesOf(exchange.head, "authorization")).toEqual([]);
  });

  test("a chat stands in the log under the id that its answer carries", async () => {
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write(`HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nContent-Length: 0\r\n\r\n`);
    };
    const answer = await chat();
    const id = answer.headers.get("x-postern-request-id");
    expect(answer.headers.get("x-request-id")).toBe("theirs");
    await answer.text();
    const line = await eventually(() => {
      const found = it.gateway.requests().find(({ requestId }) => requestId === id);
      if (found === undefined) throw new Error("it has not ended");
      return found;
    });
    expect(line).toMatchObject({ endpoint: "private", status: 200 });
    expect(line["localKey"]).toBe("keys" in settings ? "console" : undefined);
  });

  test("leaving in the middle of an answer ends the request to the endpoint", async () => {
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write(`${eventStream}${chunk({ content: "one" })}`);
    };
    const leaving = new AbortController();
    const arrives = it.upstream.next();
    const answer = await chat({}, leaving.signal);
    await answer.body?.getReader().read();
    leaving.abort();
    await (
      await arrives
    ).closed;
  });

  test("leaving before the answer begins ends the request to the endpoint", async () => {
    it.upstream.answer = () => {};
    const leaving = new AbortController();
    const arrives = it.upstream.next();
    const answer = chat({}, leaving.signal);
    const exchange = await arrives;
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await exchange.closed;
  });

  test("the models of an endpoint are listed", async () => {
    it.upstream.answer = async (exchange) =>
      exchange.json({ object: "list", data: [{ id: "a/b" }, { id: "c" }] });
    const answer = await asAdmin(it.gateway, "/playground/models?endpoint=private");
    expect([answer.status, await answer.json()]).toEqual([200, { models: ["a/b", "c"] }]);
  });
});

describe("an endpoint's trouble", () => {
  let it: PrivateEndpoint;
  beforeAll(async () => {
    it = await startPrivateEndpoint({
      others: () => ({ gone: { url: "http://127.0.0.1:1/v1", credentials: ["token"] } }),
      items: { token: { kind: "bearer-token", value: "canary-bearer-7f3a91c2e5d84b06" } },
    });
  });
  beforeEach(() => it.upstream.forget());
  afterAll(() => it[Symbol.asyncDispose]());

  const chat = (body: object = asked): Promise<Response> =>
    asAdmin(it.gateway, "/playground/chat", { method: "POST", body });

  test("is passed on as text, whatever type it says it has", async () => {
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      const page = "<script>alert(1)</script>";
      await exchange.write(
        `HTTP/1.1 503 Busy\r\nContent-Type: text/html\r\nSet-Cookie: a=b\r\nRefresh: 0\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
      );
    };
    const answer = await chat();
    expect([answer.status, await answer.text()]).toEqual([503, "<script>alert(1)</script>"]);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("refresh")).toBeNull();
  });

  test("that breaks off the words of an error is told as the endpoint's, not as the gateway's", async () => {
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 500 No\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf");
      exchange.reset();
    };
    const answer = await chat();
    expect([answer.status, await answer.json()]).toMatchObject([502, { error: { code: "upstream_closed" } }]);
  });

  test("that breaks an answer off breaks ours off", async () => {
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write(`${eventStream}${chunk({ content: "half" })}`);
      exchange.reset();
    };
    await expect(chat().then((answer) => answer.text())).rejects.toThrow();
  });

  test("is told by the gateway's own error where the endpoint cannot be reached", async () => {
    const answer = await chat({ ...asked, endpoint: "gone" });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: "upstream_refused" } });
    const models = await asAdmin(it.gateway, "/playground/models?endpoint=gone");
    expect(models.status).toBe(502);
    expect(await models.json()).toMatchObject({ error: { code: "upstream_refused" } });
  });

  test("is told where an endpoint lists no models", async () => {
    const ask = async (): Promise<unknown> =>
      (await asAdmin(it.gateway, "/playground/models?endpoint=private")).json();
    it.upstream.answer = async (exchange) =>
      exchange.json({ error: { code: "internal", message: "x" } }, "404 No");
    expect(await ask()).toMatchObject({
      error: { code: "models_unlisted", message: expect.stringContaining("it answered 404") as unknown },
    });
    it.upstream.answer = async (exchange) => exchange.json({ object: "list" });
    expect(await ask()).toMatchObject({ error: { code: "models_unlisted" } });
  });

  test("whose list of models has no end is told, and the endpoint sees nobody there any more", async () => {
    it.upstream.answer = async (exchange) => {
      await exchange.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
      while (!exchange.socket.destroyed) await exchange.write(" ".repeat(65536)).catch(() => {});
    };
    const answer = await asAdmin(it.gateway, "/playground/models?endpoint=private");
    expect(await answer.json()).toMatchObject({
      error: { code: "models_unlisted", message: expect.stringContaining("far larger") as unknown },
    });
    await eventually(() => expect(it.upstream.exchanges.at(-1)?.socket.destroyed).toBe(true));
  });

  test.each([
    ["an endpoint that is a path", { ...asked, endpoint: "../raw" }],
    ["no message", { ...asked, messages: [] }],
    ["a role of its own", { ...asked, messages: [{ role: "tool", content: "x" }] }],
    ["a parameter that is not known", { ...asked, parameters: { stream: false } }],
  ])("%s is refused", async (_name, body) => {
    const answer = await chat(body);
    expect(answer.status).toBe(400);
    expect(it.upstream.exchanges).toEqual([]);
  });
});

test("a gateway on a Unix socket answers the console as well", async () => {
  await using it = await startPrivateEndpoint({ settings: { listen: ["unix:run/postern.sock"] } });
  it.upstream.answer = async (exchange) => exchange.json({ data: [{ id: "m" }] });
  const answer = await asAdmin(it.gateway, "/playground/models?endpoint=private");
  expect(await answer.json()).toEqual({ models: ["m"] });
});

test("no local key can take the name under which the console's requests stand", async () => {
  const { console: key } = makeKeys("console");
  await expect(
    startPrivateEndpoint({ settings: { keys: { console: { hash: hashOf(key) } } } }),
  ).rejects.toThrow('"console" is the name of the console\'s own key');
});

test("the gateway's message and its way out are told apart, whichever of them has brackets", () => {
  const said = (message: string) => {
    const body = Buffer.from(JSON.stringify({ error: { code: "upstream_name_unknown", message } }));
    return refusalIn({ status: 502, headers: { "x-request-id": "r" }, body }, "r");
  };
  expect(said("the host x cannot be found (DNS) (check the url)")).toMatchObject({
    message: "the host x cannot be found (DNS)",
    hint: "check the url",
  });
  expect(said("it is not signed (have it signed (postern vault request x), then try again)")).toMatchObject({
    message: "it is not signed",
    hint: "have it signed (postern vault request x), then try again",
  });
  expect(said("it has no way out")).toBeUndefined();
});
