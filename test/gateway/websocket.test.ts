import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, connect as connectTcp } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { bearer, certificate, type Gateway, startGateway } from "../support/gateway.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { startUpstream } from "../support/upstream.ts";

const token = "canary-bearer-websocket-6e18";
let pki: Pki;
let server: Server;
let sockets: WebSocketServer;
let gateway: Gateway;
/** What each upgrade brought: its target, its headers, the client certificate's common name. */
const upgrades: { target: string; rawHeaders: string[]; certificate: string | undefined }[] = [];

beforeAll(async () => {
  pki = await makePki();
  server = createServer(demanding(pki));
  sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered].at(-1) ?? false,
  });
  server.on("upgrade", (request, socket, head) => {
    const { CN } = (socket as TLSSocket).getPeerCertificate().subject;
    upgrades.push({ target: request.url ?? "", rawHeaders: request.rawHeaders, certificate: [CN].flat()[0] });
    if (request.url?.includes("refuse") === true) {
      socket.end(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nX-Why: quota\r\n\r\nno quota!",
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on("message", (data, binary) => {
        const text = binary ? "" : (data as Buffer).toString();
        if (text.startsWith("close ")) ws.close(Number(text.slice(6)), "as asked");
        else ws.send(data, { binary });
      });
    });
  });
  server.on("request", (_request, response) => response.end("as usual"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const endpoint = {
    url: `https://127.0.0.1:${port}/openai/v1`,
    credentials: ["gen-cert", "token"],
    ca: "ca.pem",
  };
  gateway = await startGateway(
    { endpoints: { private: endpoint, bare: { ...endpoint, credentials: ["token"] } } },
    { "gen-cert": certificate(pki.client), token: bearer(token) },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  sockets.close();
  server.closeAllConnections();
  server.close();
});

const open = (target: string, protocols: string[] = [], options: ClientOptions = {}): WebSocket => {
  const ws = new WebSocket(`${gateway.base.replace("http:", "ws:")}${target}`, protocols, options);
  ws.on("error", () => {});
  return ws;
};

/** Waits until the connection stands through to the endpoint. */
async function echoes(ws: WebSocket): Promise<void> {
  await once(ws, "open");
  ws.send("through");
  const [data] = (await once(ws, "message")) as [Buffer];
  expect(data.toString()).toBe("through");
}

/** The answer to an upgrade that is refused. */
async function refusal(
  ws: WebSocket,
): Promise<{ status: number | undefined; headers: string; text: string }> {
  const opened = once(ws, "open").then(() => Promise.reject(new Error("the upgrade was accepted")));
  const refused = once(ws, "unexpected-response") as Promise<[unknown, IncomingMessage]>;
  const [, answer] = await Promise.race([refused, opened]);
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return {
    status: answer.statusCode,
    headers: JSON.stringify(answer.headers),
    text: Buffer.concat(pieces).toString(),
  };
}

test("an upgrade carries the endpoint's credentials and none of the client's", async () => {
  const ws = open("/private/v1/realtime?model=m", [], {
    headers: { authorization: "Bearer dummy", cookie: "a=dummy", "x-session-id": "s1" },
  });
  await echoes(ws);
  const upgrade = upgrades.at(-1);
  expect(upgrade?.target).toBe("/openai/v1/realtime?model=m");
  expect(upgrade?.certificate).toBe("client.gen-cert.test");
  const raw = upgrade?.rawHeaders.join("\n") ?? "";
  expect(raw).not.toContain("dummy");
  expect(raw).toContain(`Bearer ${token}`);
  expect(raw).toContain("s1");
  ws.close();
  await once(ws, "close");
});

test("a key that stands among the protocols, as browsers send it, does not reach the endpoint", async () => {
  const ws = open("/private/v1/realtime", ["realtime", "openai-insecure-api-key.dummy", "openai-beta.v1"]);
  await echoes(ws);
  const { rawHeaders = [] } = upgrades.at(-1) ?? {};
  expect(rawHeaders[rawHeaders.findIndex((name) => /^sec-websocket-protocol$/i.test(name)) + 1]).toMatch(
    /^realtime, ?openai-beta\.v1$/,
  );
  ws.close();
  await once(ws, "close");
});

test.each([
  ["", ""],
  [", having sent something already", "eager"],
])("a client that leaves before the endpoint has agreed ends the attempt%s", async (_, sent) => {
  const upstream = await startUpstream(demanding(pki));
  upstream.answer = () => {};
  await using own = await startGateway(
    { endpoints: { own: { url: upstream.origin, credentials: ["gen-cert"], ca: "ca.pem" } } },
    { "gen-cert": certificate(pki.client) },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );
  const arrival = upstream.next();
  const client = await connect(own.base);
  client.send(
    `GET /v1/realtime HTTP/1.1\r\nHost: ${client.authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  const exchange = await arrival;
  if (sent !== "") client.send(sent);
  client.socket.end();
  await exchange.closed;
  expect(await own.ended(1)).toMatchObject([{ outcome: "client-wait" }]);
  await upstream.stop();
});

test("text and binary messages pass both ways, small and large", async () => {
  const ws = open("/private/v1/realtime");
  await once(ws, "open");
  for (const message of ["hello", "größe 🚪", "x".repeat(3_000_000)]) {
    ws.send(message);
    const [data, binary] = (await once(ws, "message")) as [Buffer, boolean];
    expect([data.toString() === message, binary]).toEqual([true, false]);
  }
  const bytes = Buffer.from([0, 255, 1, 254]);
  ws.send(bytes);
  expect(await once(ws, "message")).toEqual([bytes, true]);
  ws.close();
  await once(ws, "close");
});

test("the subprotocol that the endpoint chose is the client's", async () => {
  const ws = open("/private/v1/realtime", ["realtime", "openai-beta.realtime-v1"]);
  await once(ws, "open");
  expect(ws.protocol).toBe("openai-beta.realtime-v1");
  ws.close();
  await once(ws, "close");
});

describe("the end of one side is the end of the other", () => {
  test("the endpoint's close code and reason reach the client", async () => {
    const ws = open("/private/v1/realtime");
    await once(ws, "open");
    ws.send("close 4321");
    const [code, reason] = (await once(ws, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4321, "as asked"]);
  });

  test("the client's close code and reason reach the endpoint", async () => {
    const ws = open("/private/v1/realtime");
    await echoes(ws);
    const [upstream] = [...sockets.clients].slice(-1);
    const closed = once(upstream as WebSocket, "close");
    ws.close(4000, "enough");
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4000, "enough"]);
  });

  test("a client that vanishes leaves no connection to the endpoint", async () => {
    const ws = open("/private/v1/realtime");
    await echoes(ws);
    ws.terminate();
    await eventually(() => expect(sockets.clients.size).toBe(0));
  });

  test("an endpoint that vanishes leaves no connection to the client", async () => {
    const ws = open("/private/v1/realtime");
    await echoes(ws);
    for (const client of sockets.clients) client.terminate();
    await once(ws, "close");
  });
});

describe("an upgrade that is refused", () => {
  test("by the endpoint: its own answer reaches the client", async () => {
    const answer = await refusal(open("/private/v1/refuse"));
    expect([answer.status, answer.text]).toEqual([403, "no quota!"]);
    expect(answer.headers).toContain("quota");
  });

  test("by the endpoint: it is over with its answer, though its client leaves the connection open", async () => {
    const before = gateway.requests().length;
    const { hostname, port } = new URL(gateway.base);
    const socket = connectTcp({ host: hostname, port: Number(port), allowHalfOpen: true });
    const offer = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    socket.write(`GET /private/v1/refuse HTTP/1.1\r\nHost: 127.0.0.1\r\n${offer}\r\n`);
    await once(socket.resume(), "end");
    expect((await gateway.ended(before + 1)).at(-1)).toMatchObject({ outcome: "done", status: 403 });
    expect(await gateway.metric("postern_requests_in_flight")).toBe(0);
    expect(socket.writable).toBe(true);
    socket.destroy();
  });

  test("for want of an endpoint", async () => {
    const answer = await refusal(open("/nosuch/v1/realtime"));
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: "endpoint_unknown" } });
  });

  test("because it comes from a web page", async () => {
    const before = upgrades.length;
    const answer = await refusal(open("/private/v1/realtime", [], { origin: "https://evil.test" }));
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: "origin_not_allowed" } });
    const rebound = await refusal(open("/private/v1/realtime", [], { headers: { host: "evil.test" } }));
    expect(rebound.status).toBe(403);
    expect(upgrades.length).toBe(before);
  });

  test("because the endpoint wants a certificate that is not attached", async () => {
    const answer = await refusal(open("/bare/v1/realtime"));
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: "client_certificate_required" } });
  });

  test("because it leads out of the endpoint's base path", async () => {
    const before = upgrades.length;
    for (const target of ["/private/v1/../../x", "/private/v1/%2e%2e/x", "//evil.test/private/v1/x\\y"]) {
      const client = await connect(gateway.base);
      client.send(
        `GET ${target} HTTP/1.1\r\nHost: ${client.authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
      expect((await client.answer()).status, target).toBe(400);
      client.leave();
    }
    expect(upgrades.length).toBe(before);
  });
});

test("an offer of another protocol is passed over, and the request answered as usual", async () => {
  const client = await connect(gateway.base);
  client.send(
    `GET /private/v1/models HTTP/1.1\r\nHost: ${client.authority}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`,
  );
  expect((await client.answer()).status).toBe(200);
  client.leave();
});

test("bytes that come in one packet with the request or the 101 are not lost, either way", async () => {
  const upstream = await startUpstream(demanding(pki));
  upstream.answer = async (exchange) => {
    exchange.socket.on("data", (chunk: Buffer) => exchange.socket.write(`echo:${chunk.toString()}`));
    await exchange.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Mine: kept\r\n\r\nearly",
    );
  };
  await using own = await startGateway(
    { endpoints: { own: { url: upstream.origin, credentials: ["gen-cert"], ca: "ca.pem" } } },
    { "gen-cert": certificate(pki.client) },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );
  const client = await connect(own.base);
  client.send(
    `GET /v1/realtime HTTP/1.1\r\nHost: ${client.authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\neager`,
  );
  const head = await client.wire.head();
  expect(head?.start).toMatch(/^HTTP\/1\.1 101 /);
  expect(head?.headers).toContainEqual(["X-Mine", "kept"]);
  let heard = "";
  client.socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
  const whole = client.wire.rest();
  await eventually(() => expect(heard).toContain("eager"));
  client.send("later");
  await eventually(() => expect(heard).toContain("later"));
  upstream.hangUp();
  const rest = await whole;
  expect(rest.toString()).toMatch(/^early/);
  expect(rest.toString().replaceAll("echo:", "")).toBe("earlyeagerlater");
  await upstream.stop();
});

test("an item that is removed ends new upgrades at once", async () => {
  const before = upgrades.length;
  const item = gateway.vault.get("gen-cert");
  await gateway.vault.remove("gen-cert");
  await eventually(async () => {
    const ws = open("/private/v1/realtime");
    const outcome = await Promise.race([
      refusal(ws),
      once(ws, "open").then(() => ({ status: 101, text: "" })),
    ]);
    ws.terminate();
    expect(outcome.status).toBe(503);
  });
  const settled = upgrades.length;
  const answer = await refusal(open("/private/v1/realtime"));
  expect(JSON.parse(answer.text)).toMatchObject({ error: { code: "credential_missing" } });
  expect(upgrades.length).toBe(settled);
  expect(settled).toBeGreaterThanOrEqual(before);
  await gateway.vault.add("gen-cert", "certificate", item);
});
