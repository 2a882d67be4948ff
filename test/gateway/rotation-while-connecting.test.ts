import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EndpointConfig } from "../../src/config/config.ts";
import type { Failure } from "../../src/gateway/upstream/failure.ts";
import { Upstream as Way } from "../../src/gateway/upstream/upstream.ts";
import { connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import {
  bearer,
  certificate,
  type Gateway,
  put,
  rotate,
  type Settings,
  startGateway,
} from "../support/gateway.ts";
import { anotherClient, makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { header } from "../support/shared-model.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { bringing, hashOf, makeKeys } from "./local-keys.ts";
import { fromFile, Stage, tokenIn } from "./token-sources.ts";

const [old, fresh] = ["canary-bearer-connecting-0", "canary-bearer-connecting-1"];

/** What stands before an endpoint, and lets the handshakes of new connections wait. */
class Gate {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #waiting: (() => void)[] = [];
  #open = false;
  /** How many connections have come. */
  arrived = 0;

  private constructor(to: number) {
    this.#server = createServer((near) => {
      this.arrived += 1;
      const pass = (): void => {
        const far = connectTcp(to, "127.0.0.1");
        this.#keep(far);
        near.pipe(far).pipe(near);
      };
      this.#keep(near.pause());
      if (this.#open) pass();
      else this.#waiting.push(pass);
    });
  }

  static async before({ origin }: Upstream): Promise<Gate> {
    const gate = new Gate(Number(new URL(origin).port));
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    return gate;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets those that wait go on, and all others pass. */
  open(): void {
    this.#open = true;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  /** Closes all connections; others may come. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.drop();
    this.#server.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
  }
}

let pki: Pki;
let upstream: Upstream;
let gate: Gate;
let gateway: Gateway;

beforeEach(async () => {
  pki = await makePki();
  upstream = await startUpstream(demanding(pki));
  gate = await Gate.before(upstream);
  const items = { token: bearer(old), other: bearer("canary-bearer-other"), cert: certificate(pki.client) };
  gateway = await startGateway(settings(), items, (folder) =>
    folder.write("ca.pem", pki.serverCa.certificate),
  );
});
afterEach(async () => {
  gate.stop();
  await gateway[Symbol.asyncDispose]();
  await upstream.stop();
});

const endpoint = (more: Readonly<Record<string, unknown>> = {}) => ({
  url: `https://${gate.host}/v1`,
  credentials: ["token", "cert"],
  ca: "ca.pem",
  ...more,
});
const settings = (endpoints: Settings["endpoints"] = { it: endpoint() }, more = {}): Settings => ({
  ...more,
  endpoints,
});

/** Asks, and waits until the connection for it is being made. */
async function asked(body = "{}"): Promise<{ readonly answer: ReturnType<Gateway["ask"]> }> {
  const before = gate.arrived;
  const answer = gateway.ask({ target: "/it/v1/x", body });
  await eventually(() => expect(gate.arrived).toBe(before + 1));
  return { answer };
}

const tokens = (): readonly string[] => upstream.exchanges.map(tokenIn);
const nothingInFlight = async () => expect(await gateway.metric("postern_requests_in_flight")).toBe(0);

async function changeTo(changed: Settings): Promise<void> {
  const listen = [gateway.base.replace("http://", "")];
  gateway.write({ listen, admin: gateway.app.admin.replace("http://", ""), ...changed });
  await gateway.app.reload();
}

async function rotateToken(): Promise<void> {
  await rotate(gateway.vault, "token", bearer(fresh));
  await gateway.app.reload();
}

describe("a request that waits for its connection", () => {
  test("is sent with the token that has taken the old one's place", async () => {
    const { answer } = await asked();
    await rotateToken();
    gate.open();
    expect((await answer).status).toBe(200);
    expect(tokens()).toEqual([fresh]);
    await nothingInFlight();
  });

  test("is sent under the certificate that has taken the old one's place", async () => {
    const { answer } = await asked();
    await rotate(gateway.vault, "cert", certificate(await anotherClient(pki, "client.rotated.test")));
    await gateway.app.reload();
    gate.open();
    expect((await answer).status).toBe(200);
    expect(upstream.exchanges.map((exchange) => exchange.certificate)).toEqual(["client.rotated.test"]);
  });

  test("is not sent when its credential has been removed, and says so", async () => {
    const { answer } = await asked();
    await gateway.vault.remove("token");
    await gateway.app.reload().catch(() => {});
    expect((await gateway.ask({ target: "/it/v1/y" })).status).toBe(503);
    gate.open();
    expect([(await answer).status, errorIn(await answer).code]).toEqual([503, "credential_missing"]);
    expect(upstream.exchanges).toEqual([]);
    const lines = await gateway.ended(2);
    expect(lines.at(-1)).toMatchObject({
      outcome: "postern-request",
      code: "credential_missing",
      sentBytes: 0,
    });
    await nothingInFlight();
  });

  test.each([
    ["was removed", () => ({ other: endpoint() })],
    ["has another origin", () => ({ it: endpoint({ url: "https://127.0.0.1:1/v1" }) })],
    ["has another base path", () => ({ it: endpoint({ url: `https://${gate.host}/other` }) })],
  ])("is not sent to an endpoint that %s", async (_what, endpoints) => {
    const { answer } = await asked();
    await changeTo(settings(endpoints()));
    gate.open();
    expect([(await answer).status, errorIn(await answer).code]).toEqual([503, "endpoint_moved"]);
    expect(upstream.exchanges).toEqual([]);
  });

  test("goes whole, once, and with the new token also where its body is streamed", async () => {
    const piece = "x".repeat(100_000);
    const client = await connect(gateway.base);
    client.send("POST /it/v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    const send = (): void => client.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    send();
    await eventually(() => expect(gate.arrived).toBe(1));
    send();
    await rotateToken();
    gate.open();
    await eventually(() => expect(tokens()).toEqual([fresh]));
    send();
    client.send("0\r\n\r\n");
    expect((await client.answer()).status).toBe(200);
    expect((await upstream.exchanges[0]?.body)?.toString()).toBe(piece.repeat(3));
    expect(await gateway.ended(1)).toMatchObject([{ outcome: "done", sentBytes: 3 * piece.length }]);
    client.leave();
  });

  test("leaves no connection behind when its client leaves meanwhile", async () => {
    const client = await connect(gateway.base);
    client.send({ target: "/it/v1/x" });
    await eventually(() => expect(gate.arrived).toBe(1));
    await rotateToken();
    client.leave();
    expect(await gateway.ended(1)).toMatchObject([{ outcome: "client-connect" }]);
    gate.open();
    await eventually(async () => expect(await gateway.metric("postern_upstream_connections")).toBe(0));
    expect(upstream.exchanges).toEqual([]);
    await nothingInFlight();
  });

  test("has what it is sent with in the record of its local key", async () => {
    const { known } = makeKeys("known");
    const keys = { keys: { known: { hash: hashOf(known) } } };
    await changeTo(settings(undefined, keys));
    const answer = gateway.ask({ target: "/it/v1/x", headers: bringing(known) });
    await eventually(() => expect(gate.arrived).toBe(1));
    await changeTo(settings({ it: endpoint({ credentials: ["other", "cert"] }) }, keys));
    gate.open();
    expect((await answer).status).toBe(200);
    expect(tokens()).toEqual(["canary-bearer-other"]);
    expect(readFileSync(gateway.folder.file("audit.log"), "utf8")).toContain('"item":"other"');
  });

  test("goes to another endpoint that serves its model, and its own is not charged with that", async () => {
    const second = await startUpstream();
    const models = ["m"];
    await changeTo(
      settings(
        {
          it: endpoint({ models }),
          second: { url: `${second.origin}/v1`, credentials: ["other"], models },
        },
        { ejection: { after: 1, for: "1h" } },
      ),
    );
    const answer = gateway.ask({
      target: "/v1/x",
      headers: ["Content-Type: application/json"],
      body: '{"model":"m"}',
    });
    await eventually(() => expect(gate.arrived).toBe(1));
    await gateway.vault.remove("token");
    await gateway.app.reload().catch(() => {});
    gate.open();
    expect((await answer).status).toBe(200);
    expect(header(await answer, "x-postern-tried")).toBe("it: credential_missing");
    expect(upstream.exchanges).toEqual([]);
    expect(await gateway.metric("postern_endpoint_ejected")).toBe(0);
    expect(await gateway.metric("postern_upstream_attempts_total", 'endpoint="it"')).toBe(0);
    await second.stop();
  });

  test("is sent with a token from a source that was renewed meanwhile, and once", async () => {
    await using stage = await Stage.set();
    const item = fromFile(stage.issue("token", "from-a-file-0"));
    await put(gateway.vault, "live", item);
    const credentials = ["live", "cert"];
    const direct = { ...endpoint({ credentials }), url: `${upstream.origin}/direct` };
    await changeTo(settings({ it: endpoint({ credentials }), direct }));
    upstream.answer = (exchange) => exchange.json({}, "401 Unauthorized");
    const inForce = (token: string) =>
      eventually(async () => {
        await gateway.ask({ target: "/direct/v1/x" });
        expect(tokens().at(-1)).toBe(token);
      });
    await inForce("from-a-file-0");
    const { answer } = await asked();
    stage.issue("token", "from-a-file-1");
    await inForce("from-a-file-1");
    upstream.exchanges = [];
    gate.open();
    // It is refused, and there is no other token to try.
    expect((await answer).status).toBe(401);
    expect(tokens()).toEqual(["from-a-file-1"]);
  });
});

test("a probe that waits for its connection is made anew with the new token, and tells nothing with the old one", async () => {
  const probed = endpoint({ probe: { path: "/health", every: "10m" } });
  await changeTo(settings({ it: probed }));
  await eventually(() => expect(gate.arrived).toBe(1));
  await rotateToken();
  gate.open();
  await eventually(() => expect(tokens()).toEqual([fresh]));
  expect(gateway.log.text).not.toContain("probe");
});

test("the time for a connection does not begin anew with other connections", async () => {
  const hourMs = 3_600_000;
  const timeouts = { connectMs: hourMs, firstByteMs: hourMs, idleMs: hourMs };
  const config = { name: "it", origin: `https://${gate.host}`, timeouts } as EndpointConfig;
  const attachment = { origin: config.origin, headers: [], names: new Set(""), live: [], version: "" };
  const loads = [{ inFlight: 0 }, { inFlight: 0 }] as const;
  const [before, after] = loads.map(
    (load) => new Way(config, { ...attachment, identity: undefined }, [], load),
  );
  if (before === undefined || after === undefined) throw new Error("no upstreams");
  const request = { method: "GET", target: "/", headers: [], body: undefined };
  const failed = Promise.withResolvers<Failure>();
  const unexpected = (): void => failed.reject(new Error("it was sent"));
  const ignored = (): void => {};
  const sink = {
    connected: unexpected,
    head: unexpected,
    end: unexpected,
    data: ignored,
    flush: ignored,
    uploaded: ignored,
    informational: ignored,
    failed: failed.resolve,
  };
  before.send(request, sink, () => ({ upstream: after, request }));
  await eventually(() => expect(gate.arrived).toBe(1));
  expect(loads.map(({ inFlight }) => inFlight)).toEqual([1, 0]);
  const nowMs = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(nowMs + hourMs);
  gate.drop();
  const { by, phase, error } = await failed.promise;
  clock.mockRestore();
  expect([by, phase, error.code]).toEqual(["timeout", "connect", "upstream_connect_timeout"]);
  expect(loads.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
});
