import { describe, expect, test } from "vitest";
import { asAdmin } from "../console/admin-client.ts";
import { Watcher } from "../console/live-watcher.ts";
import { type Answer, connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/openssl-server.ts";
import { answering, chat, header, startSharedModel } from "../support/shared-model.ts";
import type { Exchange } from "../support/upstream.ts";

/** An endpoint at whose address nobody listens. */
const nowhere = async () => ({ url: `http://127.0.0.1:${await freePort()}/v1` });

/** What an answer, or an error of ours, tells of the endpoints: whose it is, and what was tried in vain. */
const told = (answer: Pick<Answer, "headers">) => [
  header(answer, "x-postern-endpoint"),
  header(answer, "x-postern-tried"),
];

/** Resets the connection once the request is there. */
const resetting = async (exchange: Exchange): Promise<void> => {
  await exchange.body;
  exchange.reset();
};

const statuses = [
  "429 Too Many Requests",
  "502 Bad Gateway",
  "503 Service Unavailable",
  "504 Gateway Timeout",
] as const;

describe("a request goes to the next endpoint that serves its model", () => {
  test.each(statuses)("when the first answers %s", async (status) => {
    await using it = await startSharedModel();
    it.let("a", answering(status));
    const answer = await it.post();
    expect([answer.status, answer.text]).toEqual([200, '{"ok":true}']);
    const [code] = status.split(" ", 1);
    expect(header(answer, "x-postern-endpoint")).toBe("b");
    expect(header(answer, "x-postern-tried")).toBe(`a: ${code}`);
    const [line] = await it.gateway.ended(1);
    expect(line).toMatchObject({ endpoint: "b", status: 200, outcome: "done", tried: [`a: ${code}`] });
    // What was sent in vain is not counted as sent to the endpoint that answered.
    expect(line).toMatchObject({ sentBytes: chat().length, receivedBytes: answer.body.length });
    for (const name of ["a", "b"]) {
      const [exchange] = it.upstream(name).exchanges;
      expect(exchange?.head.headers.find(([key]) => key.toLowerCase() === "authorization")?.[1]).toBe(
        `Bearer canary-bearer-${name}-5d1e`,
      );
      expect((await exchange?.body)?.toString()).toBe(chat());
    }
    const attempts = (labels: string) => it.gateway.metric("postern_upstream_attempts_total", labels);
    expect(await attempts(`endpoint="a",result="${code}"`)).toBe(1);
    expect(await attempts('endpoint="b",result="answered"')).toBe(1);
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
  });

  test("when the first cannot be reached", async () => {
    await using it = await startSharedModel({ each: { a: await nowhere() } });
    const answer = await it.post();
    expect([answer.status, header(answer, "x-postern-tried")]).toEqual([200, "a: upstream_refused"]);
    expect(await it.gateway.metric("postern_upstream_attempts_total", 'result="unreachable"')).toBe(1);
  });

  test("when the vault no longer has the first one's credential, to which nothing is sent", async () => {
    await using it = await startSharedModel();
    await it.gateway.vault.remove("token-a");
    await it.gateway.app.reload().catch(() => {});
    const answer = await it.post();
    expect([answer.status, header(answer, "x-postern-endpoint")]).toEqual([200, "b"]);
    expect(it.seen).toEqual([0, 1]);
  });

  test("when the first resets the connection, and the request is one that makes no difference when it is repeated", async () => {
    await using it = await startSharedModel();
    it.let("a", resetting);
    const answer = await it.post({ method: "GET", target: "/v1/models/m", body: "", headers: [] });
    expect([answer.status, header(answer, "x-postern-tried")]).toEqual([200, "a: upstream_closed"]);
  });

  test("when the request is larger than one packet", async () => {
    await using it = await startSharedModel();
    it.let("a", answering("503 Service Unavailable"));
    const body = JSON.stringify({ model: "m", text: "x".repeat(3 * 1024 * 1024) });
    expect((await it.post({ body })).status).toBe(200);
    expect((await it.upstream("b").exchanges[0]?.body)?.toString() === body).toBe(true);
  });

  test("when the request comes in chunks", async () => {
    await using it = await startSharedModel();
    it.let("a", answering("503 Service Unavailable"));
    const headers = ["Content-Type: application/json", "Transfer-Encoding: chunked"];
    const client = await connect(it.gateway.base);
    const [from, to] = [chat().slice(0, 15), chat().slice(15)];
    client.send({ method: "POST", target: "/v1/x", headers });
    client.send(`${from.length.toString(16)}\r\n${from}\r\n`);
    client.send(`${to.length.toString(16)}\r\n${to}\r\n0\r\n\r\n`);
    expect((await client.answer()).status).toBe(200);
    expect((await it.upstream("b").exchanges[0]?.body)?.toString()).toBe(chat());
    client.leave();
  });

  test("when it asks for a WebSocket and the first cannot be reached", async () => {
    await using it = await startSharedModel({ each: { a: await nowhere() } });
    it.let("b", async (exchange) => {
      await exchange.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi",
      );
    });
    const client = await connect(it.gateway.base);
    client.send({ target: "/v1/models/m", headers: ["Connection: Upgrade", "Upgrade: websocket"] });
    const head = await client.wire.head();
    expect(head?.start).toContain(" 101 ");
    expect(told({ headers: head?.headers ?? [] })).toEqual(["b", "a: upstream_refused"]);
    client.leave();
    const [line] = await it.gateway.ended(1);
    expect(line).toMatchObject({ endpoint: "b", tried: ["a: upstream_refused"] });
  });
});

describe("a request is not sent again", () => {
  test("when it may have been carried out: a POST whose connection died after it was sent", async () => {
    await using it = await startSharedModel();
    it.let("a", resetting);
    const answer = await it.post();
    expect([answer.status, errorIn(answer).code]).toEqual([502, "upstream_closed"]);
    expect(told(answer)).toEqual(["a", undefined]);
    expect(it.seen).toEqual([1, 0]);
    const [line] = await it.gateway.ended(1);
    expect(line).toMatchObject({ endpoint: "a", outcome: "upstream-wait", code: "upstream_closed" });
    expect(line).not.toHaveProperty("tried");
  });

  test("when a POST was tried in vain at one endpoint and then may have been carried out at another", async () => {
    await using it = await startSharedModel({ endpoints: 3 });
    it.let("a", answering("503 Service Unavailable"));
    it.let("b", resetting);
    const answer = await it.post();
    expect([answer.status, errorIn(answer).code]).toEqual([502, "upstream_closed"]);
    expect(told(answer)).toEqual(["b", "a: 503"]);
    expect(it.seen).toEqual([1, 1, 0]);
  });

  test.each([
    "200 OK",
    "400 Bad Request",
    "401 Unauthorized",
    "404 Not Found",
    "408 Request Timeout",
    "500 No",
  ])("when the endpoint answers %s, which passes untouched", async (status) => {
    await using it = await startSharedModel();
    it.let("a", answering(status, ["X-Own: 1"], "the endpoint's own"));
    const answer = await it.post();
    expect([`${answer.status} ${answer.reason}`, answer.text]).toEqual([status, "the endpoint's own"]);
    expect([header(answer, "x-own"), header(answer, "x-postern-tried")]).toEqual(["1", undefined]);
    expect(it.seen).toEqual([1, 0]);
  });

  test("when the answer has begun: a broken stream is broken for the client", async () => {
    await using it = await startSharedModel();
    it.let("a", async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
      exchange.reset();
    });
    const answer = await it.post();
    expect([answer.status, answer.text, answer.cut]).toEqual([200, "ab", true]);
    expect(it.seen).toEqual([1, 0]);
    expect((await it.gateway.ended(1))[0]).toMatchObject({ endpoint: "a", outcome: "upstream-stream" });
  });

  test("when the client has been told something by the endpoint before its answer", async () => {
    await using it = await startSharedModel();
    it.let("a", async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
      await exchange.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    });
    expect((await it.post()).status).toBe(503);
    expect(it.seen).toEqual([1, 0]);
  });

  test.each(["with its length", "in chunks"])(
    "when it is longer than is held in memory, sent %s",
    async (how) => {
      await using it = await startSharedModel();
      it.let("a", answering("503 Service Unavailable"));
      const text = JSON.stringify({ model: "m", text: "x".repeat(5 * 1024 * 1024) });
      const type = "Content-Type: application/json";
      const chunked = {
        headers: [type, "Transfer-Encoding: chunked"],
        body: `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
      };
      const answer = await it.post(how === "in chunks" ? chunked : { headers: [type], body: text });
      expect(answer.status).toBe(503);
      expect(it.seen).toEqual([1, 0]);
      expect((await it.upstream("a").exchanges[0]?.body)?.length).toBe(text.length);
    },
  );

  test("when its path names the endpoint, or it came in by the endpoint's own listener", async () => {
    await using it = await startSharedModel({ each: { a: { listen: ["127.0.0.1:0"] } } });
    it.let("a", answering("503 Service Unavailable"));
    for (const target of ["/a/v1/x", "/a/raw/x"]) {
      const answer = await it.post({ target });
      expect([answer.status, header(answer, "x-postern-endpoint")]).toEqual([503, undefined]);
    }
    const client = await connect(it.gateway.app.listen[1] ?? "");
    client.send({
      method: "POST",
      target: "/v1/x",
      headers: ["Content-Type: application/json"],
      body: chat(),
    });
    expect((await client.answer()).status).toBe(503);
    client.leave();
    expect(it.seen).toEqual([3, 0]);
  });

  test("when only one endpoint serves its model: the answer stays what the endpoint sent", async () => {
    await using it = await startSharedModel({ each: { b: { models: ["other"] } } });
    it.let("a", answering("503 Service Unavailable", ["Retry-After: 1"]));
    const answer = await it.post();
    expect(answer.status).toBe(503);
    expect(answer.headers.filter(([name]) => /^x-postern/i.test(name))).toEqual([]);
    expect(it.seen).toEqual([1, 0]);
    it.let("a", resetting);
    expect(told(await it.post())).toEqual([undefined, undefined]);
  });

  test.each([
    ["1", [1, 0, 0, 0]],
    ["2", [1, 1, 0, 0]],
    ["3", [1, 1, 1, 0]],
    ["10", [1, 1, 1, 1]],
  ])("more often than retries.attempts says: %s", async (attempts, seen) => {
    await using it = await startSharedModel({
      endpoints: 4,
      settings: { retries: { attempts: Number(attempts) } },
    });
    for (const name of "abcd") it.let(name, answering("503 Service Unavailable"));
    expect((await it.post()).status).toBe(503);
    expect(it.seen).toEqual(seen);
  });
});

describe("when no endpoint serves the request, the client gets", () => {
  test("the last answer, as that endpoint sent it", async () => {
    await using it = await startSharedModel();
    it.let("a", answering("503 Service Unavailable", [], "from a"));
    it.let("b", answering("502 Bad Gateway", ["X-Own: 1"], "from b"));
    const answer = await it.post();
    expect([answer.status, answer.text, header(answer, "x-own")]).toEqual([502, "from b", "1"]);
    expect([header(answer, "x-postern-endpoint"), header(answer, "x-postern-tried")]).toEqual([
      "b",
      "a: 503",
    ]);
  });

  test("an answer that was set aside, when those after it could not even be reached", async () => {
    await using it = await startSharedModel({
      endpoints: 3,
      each: { b: await nowhere(), c: await nowhere() },
    });
    it.let("a", answering("503 Service Unavailable", ["X-Own: 1"], "from a"));
    const answer = await it.post();
    expect([answer.status, answer.text, header(answer, "x-own")]).toEqual([503, "from a", "1"]);
    expect(header(answer, "x-postern-tried")).toBe("a: 503, b: upstream_refused, c: upstream_refused");
    const [line] = await it.gateway.ended(1);
    expect(line).toMatchObject({ endpoint: "a", status: 503, outcome: "done", receivedBytes: 6 });
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
  });

  test.each([
    ["HTTP/1.1", []],
    ["HTTP/1.0", []],
    ["HTTP/1.1", ["Connection: Upgrade", "Upgrade: websocket"]],
  ])("the first endpoint's error, when none could be reached: %s %j", async (version, headers) => {
    await using it = await startSharedModel({ each: { a: await nowhere(), b: await nowhere() } });
    const answer = await it.gateway.ask({ target: "/v1/models/m", version, headers });
    expect([answer.status, errorIn(answer).code]).toEqual([502, "upstream_refused"]);
    expect(errorIn(answer).message).toContain('"a"');
    expect(told(answer)).toEqual(["a", "a: upstream_refused, b: upstream_refused"]);
    const [line] = await it.gateway.ended(1);
    expect(line).toMatchObject({ endpoint: "a", tried: ["a: upstream_refused", "b: upstream_refused"] });
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
  });

  test("the first endpoint's error, when an answer was too long to be kept", async () => {
    await using it = await startSharedModel({
      endpoints: 3,
      each: { a: await nowhere(), c: await nowhere() },
    });
    it.let("b", answering("503 Service Unavailable", [], "x".repeat(100_000)));
    const answer = await it.post();
    expect([answer.status, errorIn(answer).code]).toEqual([502, "upstream_refused"]);
    expect(errorIn(answer).message).toContain('"a"');
  });

  test("why nothing was sent at all, when no endpoint has its credential", async () => {
    await using it = await startSharedModel();
    for (const name of ["a", "b"]) await it.gateway.vault.remove(`token-${name}`);
    await it.gateway.app.reload().catch(() => {});
    const answer = await it.post();
    expect([answer.status, errorIn(answer).code]).toEqual([503, "credential_missing"]);
    expect(errorIn(answer).message).toContain('"a"');
    const tried = ["a: credential_missing", "b: credential_missing"];
    expect(told(answer)).toEqual(["a", tried.join(", ")]);
    expect(await it.gateway.ended(1)).toMatchObject([{ endpoint: "a", code: "credential_missing", tried }]);
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
    expect(it.seen).toEqual([0, 0]);
  });

  test("what was tried before its operator stopped it", async () => {
    await using it = await startSharedModel();
    it.let("a", answering("503 Service Unavailable"));
    const arrival = it.upstream("b").next();
    it.let("b", () => {});
    const asked = it.post();
    await arrival;
    await using watcher = await Watcher.follow(it.gateway);
    const id = await eventually(() => {
      const [request] = watcher.events.at(-1)?.inFlight ?? [];
      if (request === undefined) throw new Error("it is not seen in flight");
      return request.id;
    });
    expect((await asAdmin(it.gateway, `/live/requests/${id}/stop`, { method: "POST" })).status).toBe(204);
    const answer = await asked;
    expect([errorIn(answer).code, ...told(answer)]).toEqual(["request_stopped", "b", "a: 503"]);
    expect(await it.gateway.ended(1)).toMatchObject([{ endpoint: "b", tried: ["a: 503"] }]);
  });
});

test("each endpoint gets its own id in the place of the alias that it shares with the other", async () => {
  const own = (id: string) => ({ models: [], aliases: { m: id } });
  await using it = await startSharedModel({ each: { a: own("of/a"), b: own("the-longer/id-of-b") } });
  it.let("a", answering("503 Service Unavailable"));
  expect((await it.post()).status).toBe(200);
  const bodies = await Promise.all(
    it.upstreams.map(async ({ exchanges }) => (await exchanges[0]?.body)?.toString()),
  );
  expect(bodies).toEqual([chat("of/a"), chat("the-longer/id-of-b")]);
  it.let("a", answering("503 Service Unavailable"));
  await it.gateway.ask({ target: "/v1/models/m" });
  expect(it.upstreams.map(({ exchanges }) => exchanges[1]?.target)).toEqual([
    "/v1/models/of/a",
    "/v1/models/the-longer/id-of-b",
  ]);
});

test("an answer that is set aside leaves its connection for the next request, and a long one does not", async () => {
  await using it = await startSharedModel();
  it.let("a", answering("503 Service Unavailable", [], "short"));
  for (let i = 0; i < 3; i += 1) await it.post();
  expect([it.upstream("a").connections, it.seen]).toEqual([1, [3, 3]]);
  it.let("a", answering("503 Service Unavailable", [], "x".repeat(200_000)));
  await it.post();
  await it.post();
  expect([it.upstream("a").connections, it.seen]).toEqual([2, [5, 5]]);
});

test("GET /v1/models lists a model that several endpoints serve once, as the one tells it that answers", async () => {
  await using it = await startSharedModel();
  it.let("a", answering("503 Service Unavailable"));
  it.let("b", async (exchange) => {
    await exchange.json({ object: "list", data: [{ id: "m", object: "model", owned_by: "them" }] });
  });
  const answer = await it.gateway.ask({ target: "/v1/models" });
  expect(JSON.parse(answer.text)).toEqual({
    object: "list",
    data: [{ id: "m", object: "model", owned_by: "them" }],
  });
});
