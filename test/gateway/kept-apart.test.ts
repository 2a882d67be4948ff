import { expect, test } from "vitest";
import { connect, errorIn } from "../support/client.ts";
import { bearer, startGateway } from "../support/gateway.ts";
import { startPrivateEndpoint } from "../support/private-endpoint.ts";
import { startUpstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";

test("TRACE, whose answer repeats the request, never carries a credential to an endpoint", async () => {
  const upstream = await startUpstream();
  {
    await using gateway = await startGateway(
      { endpoints: { plain: { url: upstream.origin, credentials: ["token"] } } },
      { token: bearer("canary-traced-token-0123456789") },
    );
    const answer = await gateway.ask({ method: "TRACE", target: "/v1/x" });
    expect(answer.status).toBe(405);
    expect(errorIn(answer).code).toBe("method_not_allowed");
    expect(upstream.connections).toBe(0);
  }
  await upstream.stop();
});

test("names that an endpoint could read as framing or as a credential do not pass with an underscore either", async () => {
  await using it = await startPrivateEndpoint();
  const names = [
    "Content_Length",
    "TRANSFER_ENCODING",
    "proxy_authorization",
    "Api_Key",
    "keep_alive",
    "Host_",
  ];
  await it.gateway.ask({
    target: "/v1/x",
    headers: [...names.map((name) => `${name}: 7`), "X_Session_Id: s"],
  });
  const head = it.upstream.exchanges[0]?.head;
  const sent = head?.headers.map(([name]) => name) ?? [];
  expect(sent.filter((name) => names.includes(name))).toEqual(["Host_"]);
  expect(head === undefined ? [] : valuesOf(head, "x_session_id")).toEqual(["s"]);
});

test("an endpoint's trailers that name framing do not reach the client", async () => {
  await using it = await startPrivateEndpoint();
  it.upstream.answer = (exchange) =>
    exchange.write(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n" +
        "Content-Length: 9\r\nTransfer-Encoding: chunked\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-Sum: abc\r\n\r\n",
    );
  const { text, trailers } = await it.gateway.ask({ target: "/v1/x" });
  expect({ text, trailers }).toEqual({ text: "ok", trailers: [["X-Sum", "abc"]] });
});

test("a model's own id is written into a path so that it stays one path", async () => {
  await using it = await startPrivateEndpoint({
    endpoint: { aliases: { odd: "team/mödel 7b?x#y%z", plain: "meta/llama:8b" } },
  });
  const targets: string[] = [];
  it.upstream.answer = async (exchange) => {
    targets.push(exchange.target);
    await exchange.json({});
  };
  await it.gateway.ask({ target: "/v1/models/odd?q=1" });
  await it.gateway.ask({ target: "/v1/models/plain" });
  expect(targets).toEqual([
    "/openai/v1/models/team/m%C3%B6del%207b%3Fx%23y%25z?q=1",
    "/openai/v1/models/meta/llama:8b",
  ]);
});

test("what a form's file says about a model does not stand in for the form's own field", async () => {
  await using it = await startPrivateEndpoint({ endpoint: { aliases: { local: "whisper" } } });
  it.upstream.answer = async (exchange) => exchange.json({ body: (await exchange.body).toString() });
  const decoy = 'Content-Disposition: form-data; name="model"\r\n\r\nlocal\r\n';
  const part = (disposition: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
  const form = (model: string): string =>
    `${part('name="file"; filename="model"', `RIFF ${decoy.replace("local", "other")}`)}${part('name="model"', model)}--b--\r\n`;
  const answer = await it.gateway.ask({
    target: "/v1/audio/transcriptions",
    headers: ["Content-Type: multipart/form-data; boundary=b"],
    body: form("local"),
  });
  expect((JSON.parse(answer.text) as { body: string }).body).toBe(form("whisper"));
});

test("a client that closes its side before the answer has left, and its request ends", async () => {
  await using it = await startPrivateEndpoint();
  it.upstream.answer = () => {};
  const arrival = it.upstream.next();
  const client = await connect(it.gateway.base);
  client.send({ target: "/v1/x" });
  const exchange = await arrival;
  client.socket.end();
  await exchange.closed;
  expect((await it.gateway.ended(1))[0]).toMatchObject({ outcome: "client-wait" });
});
