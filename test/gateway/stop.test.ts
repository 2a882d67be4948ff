import { expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { startPrivateEndpoint } from "../support/private-endpoint.ts";

/** What keeps this process alive or holds a descriptor, of the kinds that a gateway could leave behind. */
function resources(): readonly string[] {
  const kinds = /TCP|TLS|Pipe|FSEvent|StatWatcher|Timeout|Immediate/;
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kinds.test(kind))
    .sort();
}

test("after a stop no socket, listener, watcher or timer stays", async () => {
  // The first start loads modules and makes keys, which keep nothing, but are not what is counted here.
  await (await startPrivateEndpoint())[Symbol.asyncDispose]();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = resources();
  for (let round = 0; round < 3; round += 1) {
    await using it = await startPrivateEndpoint();
    await it.gateway.ask({ target: "/v1/x" });
    // One that leaves while it is served, and one that stays connected until the stop.
    it.upstream.answer = () => {};
    const arrival = it.upstream.next();
    const leaver = await connect(it.gateway.base);
    leaver.send({ target: "/v1/x" });
    await arrival;
    leaver.leave();
    const stays = await connect(it.gateway.base);
    it.upstream.forget();
    stays.send({ target: "/v1/x" });
    await stays.answer();
  }
  await eventually(() => expect(resources()).toEqual(before));
});

test("a start that fails half-way leaves no listener", async () => {
  const first = await startPrivateEndpoint();
  const before = resources();
  const listen = [first.gateway.base.replace("http://", "")];
  // The admin listener and the vault are open by then; the gateway's address is the one in use.
  await expect(startPrivateEndpoint({ settings: { listen } })).rejects.toMatchObject({
    code: "address_in_use",
  });
  const servers = (all: readonly string[]) => all.filter((kind) => kind === "TCPServerWrap").length;
  await eventually(() => expect(servers(resources())).toBe(servers(before)));
  await first[Symbol.asyncDispose]();
});

test("a stop ends idle connections without waiting for them", async () => {
  const it = await startPrivateEndpoint();
  const kept = await connect(it.gateway.base);
  kept.send({ target: "/v1/x" });
  await kept.answer();
  await it[Symbol.asyncDispose]();
  expect(await kept.wire.head().catch(() => undefined)).toBe(undefined);
});

test("a stop lets a stream in flight end, and takes no new connection", async () => {
  const own = await startPrivateEndpoint();
  const release = Promise.withResolvers<void>();
  own.upstream.answer = async (exchange) => {
    await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    await release.promise;
    await exchange.write("2\r\ncd\r\n0\r\n\r\n");
  };
  const client = await connect(own.gateway.base);
  client.send({ target: "/v1/x" });
  const first = await client.head();
  const stopped = own.gateway.app.stop();
  await eventually(async () => {
    const late = await connect(own.gateway.base).catch(() => undefined);
    if (late === undefined) return;
    late.send({ target: "/v1/x" });
    const answer = await late.answer().catch(() => undefined);
    late.leave();
    if (answer?.status === 200) throw new Error("it still takes requests");
  });
  release.resolve();
  const pieces: Buffer[] = [];
  for await (const piece of client.body(first)) pieces.push(piece);
  expect(Buffer.concat(pieces).toString()).toBe("abcd");
  await stopped;
  client.leave();
  await own.upstream.stop();
  own.gateway.folder[Symbol.dispose]();
});

test("a stop lets a request come whole whose body is on its way", async () => {
  const own = await startPrivateEndpoint();
  const client = await connect(own.gateway.base);
  client.send(
    'POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"a"',
  );
  // Time enough to arrive, and less than what turns it into no ordinary request.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const stopped = own.gateway.app.stop();
  client.send(": 1}");
  expect((await client.answer()).status).toBe(200);
  expect((await own.upstream.exchanges[0]?.body)?.toString()).toBe('{"a": 1}');
  await stopped;
  client.leave();
  await own.upstream.stop();
  own.gateway.folder[Symbol.dispose]();
});
