import { describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { Exchange } from "../support/upstream.ts";
import { answering, chat, header, type SharedModel, startSharedModel } from "../support/shared-model.ts";

const unavailable = answering("503 Service Unavailable");

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);

/** Which endpoint answers, so many times one after the other. */
async function answerers(it: SharedModel, times: number): Promise<readonly (string | undefined)[]> {
  const names: (string | undefined)[] = [];
  for (let i = 0; i < times; i += 1) names.push(header(await it.post(), "x-postern-endpoint"));
  return names;
}

test("in an outage of all endpoints, they see little more than the requests that there are", async () => {
  await using it = await startSharedModel({ endpoints: 3, settings: { retries: { budget: "20%" } } });
  for (const name of "abc") it.let(name, unavailable);
  const beganMs = performance.now();
  const requests = 300;
  const batch = async () => {
    for (let i = 0; i < requests / 10; i += 1) expect((await it.post()).status).toBe(503);
  };
  await Promise.all(Array.from({ length: 10 }, batch));
  const seconds = (performance.now() - beganMs) / 1000;
  const retries = sum(it.seen) - requests;
  expect(retries).toBeGreaterThanOrEqual(20);
  expect(retries).toBeLessThanOrEqual(0.2 * requests + 20 + 2 * seconds + 1);
});

describe("an endpoint that fails again and again", () => {
  const settings = { ejection: { after: 3, for: "1h" } };

  test("is asked last: it sees no more requests, the log and a metric say so", async () => {
    await using it = await startSharedModel({ settings });
    it.let("a", unavailable);
    expect(await answerers(it, 8)).toEqual(Array.from({ length: 8 }, () => "b"));
    expect(it.seen).toEqual([3, 8]);
    expect(
      it.gateway.log.lines().filter(({ msg }) => String(msg).startsWith("endpoint fails")),
    ).toMatchObject([{ endpoint: "a", seconds: 3600 }]);
    expect(await it.gateway.metric("postern_endpoint_ejected", 'endpoint="a"')).toBe(1);
    expect(await it.gateway.metric("postern_endpoint_ejected", 'endpoint="b"')).toBe(0);
  });

  test("is so when its streams break, too", async () => {
    await using it = await startSharedModel({ settings });
    it.let("a", async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
      exchange.reset();
    });
    await answerers(it, 6);
    expect(it.seen).toEqual([3, 3]);
  });

  test("counts an answer as one failure that is bad and breaks off too", async () => {
    await using it = await startSharedModel({ settings: { ejection: { after: 2, for: "1h" } } });
    it.let("a", async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nabc");
      exchange.reset();
    });
    const ejected = () => it.gateway.metric("postern_endpoint_ejected", 'endpoint="a"');
    // Named by its path, the same answer counts nothing; its connection is gone when this one has been answered.
    expect(await answerers(it, 1)).toEqual(["b"]);
    await it.upstream("a").exchanges[0]?.closed;
    expect((await it.post({ target: "/a/v1/x" })).cut).toBe(true);
    expect(await ejected()).toBe(0);
    expect(await answerers(it, 1)).toEqual(["b"]);
    await eventually(async () => expect(await ejected()).toBe(1));
  });

  test("is not ejected by answers that say that the request is wrong, or that it is one too many", async () => {
    await using it = await startSharedModel({ settings });
    for (const status of ["400 Bad Request", "500 Internal Server Error", "429 Too Many Requests"]) {
      it.let("a", answering(status));
      for (let i = 0; i < 4; i += 1) await it.post();
    }
    expect(it.seen[0]).toBe(12);
  });

  /** Begins an upload that is longer than what is read whole, to endpoints that end it after so many bytes. */
  async function upload(it: SharedModel, bytes: number): Promise<void> {
    const client = await connect(it.gateway.base);
    client.send(
      `POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\n\r\n`,
    );
    client.send('{"model":"m","file":"'.padEnd(bytes, "x"));
    await client.answer();
    client.leave();
  }

  test.each<[string, (exchange: Exchange) => void | Promise<void>]>([
    ["resets", (exchange) => exchange.reset()],
    ["closes", (exchange) => void exchange.socket.end()],
    [
      "breaks off its answer to",
      async (exchange) => {
        await exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
        exchange.socket.end();
      },
    ],
  ])("is not ejected by a client that stalls, when it %s the upload", async (_how, end) => {
    await using it = await startSharedModel({ settings: { ejection: { after: 1, for: "1h" } } });
    it.let("a", async (exchange) => {
      await exchange.received(1000);
      await end(exchange);
    });
    for (let i = 0; i < 2; i += 1) await upload(it, 1000);
    expect(it.seen).toEqual([2, 0]);
    expect(await it.gateway.metric("postern_endpoint_ejected")).toBe(0);
  });

  test("is ejected where it takes no more of an upload, and resets it", async () => {
    await using it = await startSharedModel({ settings: { ejection: { after: 1, for: "1h" } } });
    it.upstream("a").reading = false;
    const arrival = it.upstream("a").next();
    const uploaded = upload(it, 40_000_000);
    const exchange = await arrival;
    exchange.socket.pause();
    // Time enough for the buffers between to fill.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    exchange.reset();
    await uploaded;
    expect(await it.gateway.metric("postern_endpoint_ejected", 'endpoint="a"')).toBe(1);
  });

  test("is asked all the same when the others have failed as well, in the order of the file", async () => {
    await using it = await startSharedModel({ settings });
    for (const name of ["a", "b"]) it.let(name, unavailable);
    for (let i = 0; i < 5; i += 1) await it.post();
    it.let("a", answering("200 OK"));
    expect(await answerers(it, 2)).toEqual(["a", "a"]);
  });

  test("stays ejected over a reload that leaves it as it is, and begins anew with another address", async () => {
    await using it = await startSharedModel({ settings });
    it.let("a", unavailable);
    await answerers(it, 4);
    const { a, b } = it.settings.endpoints;
    if (a === undefined || b === undefined) throw new Error("no endpoints");
    it.gateway.write({ ...it.settings, endpoints: { a: { ...a, models: ["m", "more"] }, b } });
    await it.gateway.app.reload();
    await answerers(it, 2);
    expect(it.seen).toEqual([3, 6]);
    it.gateway.write({
      ...it.settings,
      endpoints: { a: { ...a, url: a.url.replace("127.0.0.1", "localhost") }, b },
    });
    await it.gateway.app.reload();
    it.let("a", answering("200 OK"));
    expect(await answerers(it, 1)).toEqual(["a"]);
  });

  test("gets requests again when its time is over", async () => {
    await using it = await startSharedModel({ settings: { ejection: { after: 1, for: "300ms" } } });
    it.let("a", unavailable);
    await answerers(it, 1);
    it.let("a", answering("200 OK"));
    await eventually(async () => expect(await answerers(it, 1)).toEqual(["a"]));
    expect(await it.gateway.metric("postern_endpoint_ejected", 'endpoint="a"')).toBe(0);
  });
});

describe("a model's requests", () => {
  test("go where the fewest are in flight, with choose: least-in-flight", async () => {
    await using it = await startSharedModel({
      endpoints: 3,
      settings: { models: { m: { choose: "least-in-flight" } } },
    });
    const release = Promise.withResolvers<void>();
    for (const name of "abc")
      it.let(name, async (exchange) => {
        await release.promise;
        await answering("200 OK")(exchange);
      });
    const held: Promise<unknown>[] = [];
    for (let i = 1; i <= 9; i += 1) {
      held.push(it.post());
      await eventually(() => expect(sum(it.seen)).toBe(i));
      expect(Math.max(...it.seen) - Math.min(...it.seen)).toBeLessThanOrEqual(1);
    }
    expect(it.seen).toEqual([3, 3, 3]);
    release.resolve();
    await Promise.all(held);
  });

  test("go first where the weights say, with choose: weighted, and to the others when that one fails", async () => {
    await using it = await startSharedModel({
      endpoints: 3,
      settings: { models: { m: { choose: "weighted", weights: { a: 0, c: 0 } } } },
    });
    expect(await answerers(it, 5)).toEqual(["b", "b", "b", "b", "b"]);
    it.let("b", unavailable);
    expect(await answerers(it, 1)).toEqual(["a"]);
  });

  test("go to one with weight 0 only when all the others fail, wherever it stands in the file", async () => {
    await using it = await startSharedModel({
      endpoints: 3,
      settings: {
        models: { m: { choose: "weighted", weights: { a: 0 } } },
        ejection: { after: 0 },
        retries: { budget: "100%" },
      },
    });
    it.let("b", unavailable);
    expect(await answerers(it, 12)).toEqual(Array.from({ length: 12 }, () => "c"));
    expect(it.seen[0]).toBe(0);
    it.let("c", unavailable);
    expect(await answerers(it, 3)).toEqual(["a", "a", "a"]);
  });

  test("leave no count behind, however they end", async () => {
    await using it = await startSharedModel({
      settings: { models: { m: { choose: "least-in-flight" } }, ejection: { after: 0 } },
    });
    for (const name of ["a", "b"])
      it.let(name, async (exchange) => {
        await exchange.body;
        const way = it.upstream(name).exchanges.length % 4;
        if (way === 0) await unavailable(exchange);
        else if (way === 1) exchange.reset();
        else if (way === 2) await answering("200 OK")(exchange);
        // The fourth is never answered; its client leaves.
      });
    const one = async (_: unknown, index: number) => {
      const client = await connect(it.gateway.base);
      // More of them to the one than to the other, so that what is left behind would make a difference.
      const target = index % 4 === 0 ? "/v1/x" : "/a/v1/x";
      client.send({ method: "POST", target, headers: ["Content-Type: application/json"], body: chat() });
      const leave = setTimeout(() => client.leave(), 500);
      await client.answer().catch(() => {});
      clearTimeout(leave);
      client.leave();
    };
    await Promise.all(Array.from({ length: 48 }).map(one));
    await it.gateway.ended(48);
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
    for (const name of ["a", "b"]) it.let(name, answering("200 OK"));
    // Were one of them thought to be busier than the other, it would get none of these.
    it.upstream("a").exchanges = [];
    it.upstream("b").exchanges = [];
    await answerers(it, 24);
    expect(Math.min(...it.seen)).toBeGreaterThan(0);
  });
});

describe("an endpoint with a probe", () => {
  const probed = { each: { a: { probe: { path: "/health", every: "1s" } } } };

  /** Answers probes so, and everything else with 200. */
  const probes = (it: SharedModel, status: string) =>
    it.let("a", (exchange) => answering(exchange.target === "/health" ? status : "200 OK")(exchange));

  test("is asked last while its probe fails, and again when it does not", async () => {
    await using it = await startSharedModel(probed);
    expect(await answerers(it, 1)).toEqual(["a"]);
    probes(it, "500 Internal Server Error");
    await eventually(async () => expect(await answerers(it, 1)).toEqual(["b"]));
    expect(it.gateway.log.lines()).toContainEqual(
      expect.objectContaining({ endpoint: "a", path: "/health", reason: "it answers 500" }),
    );
    expect(await it.gateway.metric("postern_endpoint_ejected", 'endpoint="a"')).toBe(1);
    probes(it, "204 No Content");
    await eventually(async () => expect(await answerers(it, 1)).toEqual(["a"]));
    const probe = it.upstream("a").exchanges.find(({ target }) => target === "/health");
    expect(probe?.head.headers).toContainEqual(["authorization", "Bearer canary-bearer-a-5d1e"]);
  });

  test("is asked last when it hangs up on its probe", async () => {
    await using it = await startSharedModel(probed);
    it.let("a", async (exchange) => {
      if (exchange.target === "/health") exchange.reset();
      else await answering("200 OK")(exchange);
    });
    await eventually(async () => expect(await answerers(it, 1)).toEqual(["b"]));
  });

  test("is judged by its requests alone once the file has no probe any more", async () => {
    await using it = await startSharedModel(probed);
    probes(it, "500 Internal Server Error");
    await eventually(async () => expect(await answerers(it, 1)).toEqual(["b"]));
    const { a, b } = it.settings.endpoints;
    if (a === undefined || b === undefined) throw new Error("no endpoints");
    it.gateway.write({ ...it.settings, endpoints: { a: { ...a, probe: null }, b } });
    await it.gateway.app.reload();
    await eventually(async () => expect(await answerers(it, 1)).toEqual(["a"]));
  });

  test("is not judged by a probe that ends after the file had it no more", async () => {
    await using it = await startSharedModel();
    const asked = Promise.withResolvers<Exchange>();
    it.let("a", async (exchange) => {
      if (exchange.target === "/health") asked.resolve(exchange);
      else await answering("200 OK")(exchange);
    });
    const { a, b } = it.settings.endpoints;
    if (a === undefined || b === undefined) throw new Error("no endpoints");
    it.gateway.write({ ...it.settings, endpoints: { a: { ...a, probe: { path: "/health" } }, b } });
    await it.gateway.app.reload();
    const probe = await asked.promise;
    it.gateway.write(it.settings);
    await it.gateway.app.reload();
    await answering("500 Internal Server Error")(probe);
    // The connection that the probe was on is used again when its answer has been read.
    await eventually(async () => {
      await it.post({ target: "/a/v1/x" });
      expect(
        it.upstream("a").exchanges.filter(({ socket }) => socket === probe.socket).length,
      ).toBeGreaterThan(1);
    });
    expect(await answerers(it, 3)).toEqual(["a", "a", "a"]);
  });

  test("is probed no more once the file says so, nor after the gateway's end", async () => {
    await using it = await startSharedModel(probed);
    const { a, b } = it.settings.endpoints;
    if (a === undefined || b === undefined) throw new Error("no endpoints");
    const count = () => it.upstream("a").exchanges.length;
    await eventually(() => expect(count()).toBeGreaterThan(0));
    it.gateway.write({ ...it.settings, endpoints: { a: { ...a, probe: null }, b } });
    await it.gateway.app.reload();
    const before = count();
    // One may have been on its way; without the file's word there would be three.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(count()).toBeLessThanOrEqual(before + 1);
    it.gateway.write(it.settings);
    await it.gateway.app.reload();
    await eventually(() => expect(count()).toBeGreaterThan(before + 1));
    await it.gateway.app.stop();
    const last = count();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(count()).toBeLessThanOrEqual(last + 1);
  });
});
