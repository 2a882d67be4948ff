import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { bearer, startGateway } from "../support/gateway.ts";
import { type Answering, startUpstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";
import { bringing, hashOf, makeKeys } from "./local-keys.ts";
import { fromCommand, Stage, tokenIn } from "./token-sources.ts";

const ask = { target: "/v1/x", body: '{"model":"m"}', headers: ["Content-Type: application/json"] };

/** How often a command of `Stage.counting` has run. */
const runs = (stage: Stage): number => readFileSync(stage.folder.file("runs-1"), "utf8").length;

describe("a 401 to a token from a source", () => {
  test("has it refreshed once for 50 requests at once, and all of them are answered", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromCommand(stage.counting("run-", "sleep 0.2;"), "5m"));
    stage.accepted = new Set(["run-2"]);
    const bodies = Array.from({ length: 50 }, (_, number) => JSON.stringify({ model: "m", number }));
    const answers = await Promise.all(bodies.map((body) => gateway.ask({ ...ask, body })));
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 200));
    expect(answers.map(({ text }) => (JSON.parse(text) as { body: string }).body)).toEqual(bodies);
    expect(runs(stage)).toBe(2);
    // One line for each request, and one outcome.
    const ended = await gateway.ended(50);
    expect(ended.map(({ outcome, status }) => `${String(outcome)} ${String(status)}`)).toEqual(
      bodies.map(() => "done 200"),
    );
    expect(gateway.log.text).not.toContain("run-2");
  });

  test("passes through as it came when the source has no other token, and asks it at most once a second", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(
      fromCommand(`${stage.counting("x", "sleep 0.3;")} >/dev/null; echo same`, "5m"),
    );
    // More than is kept while the source is asked.
    const large = "n".repeat(1 << 20);
    stage.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write(
        `HTTP/1.1 401 Go Away\r\nX-Odd: a\r\nX-Odd: b\r\nTransfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
      );
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.ask(ask)));
    for (const answer of answers) {
      expect([answer.status, answer.reason]).toEqual([401, "Go Away"]);
      expect(valuesOf(answer, "x-odd")).toEqual(["a", "b"]);
      expect(answer.text).toBe(large);
      expect(answer.cut).toBe(false);
    }
    // The start, one for all of these, and perhaps another where they took longer than a second.
    expect(runs(stage)).toBeLessThanOrEqual(3);
    expect(stage.upstream.exchanges).toHaveLength(10);
  });

  test("is broken off for the client where the endpoint breaks it off", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromCommand("echo same", "5m"));
    stage.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\nab");
      exchange.reset();
    };
    const answer = await gateway.ask(ask);
    expect([answer.status, answer.text, answer.cut]).toEqual([401, "ab", true]);
  });

  test("has a large request sent once more, too", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromCommand(stage.counting("run-"), "5m"));
    stage.accepted = new Set(["run-2"]);
    const body = JSON.stringify({ model: "m", text: "x".repeat(3 << 20) });
    const answer = await gateway.ask({ ...ask, body });
    expect([answer.status, (JSON.parse(answer.text) as { body: string }).body === body]).toEqual([200, true]);
  });

  test("passes through when the request cannot be sent again", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromCommand(stage.counting("run-"), "5m"));
    stage.upstream.answer = async (exchange) => {
      // Before the body is whole.
      await exchange.json({ detail: "no" }, "401 Unauthorized");
      await exchange.body;
    };
    const client = await connect(gateway.base);
    client.send({
      target: "/v1/x",
      method: "POST",
      headers: ["Content-Type: application/octet-stream", "Transfer-Encoding: chunked"],
      body: "4\r\nabcd\r\n",
    });
    expect((await client.head()).start).toContain("401");
    client.leave();
    expect(runs(stage)).toBe(1);
    expect(stage.upstream.exchanges).toHaveLength(1);
  });

  test("stands when the new token is refused too", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromCommand(stage.counting("run-"), "5m"));
    stage.accepted = new Set(["another"]);
    const answer = await gateway.ask(ask);
    expect([answer.status, answer.text]).toEqual([401, '{"detail":"who are you?"}']);
    expect(stage.seen).toEqual(["run-1", "run-2"]);
  });

  test("is not answered twice when the client leaves while the source is asked", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromCommand(stage.counting("run-", "sleep 0.5;"), "5m"));
    stage.accepted = new Set(["run-2"]);
    const arrival = stage.upstream.next();
    const client = await connect(gateway.base);
    client.send(ask);
    await arrival;
    client.leave();
    expect((await gateway.ended(1)).map(({ outcome }) => outcome)).toEqual(["client-wait"]);
    expect((await gateway.ask(ask)).status).toBe(200);
    expect(stage.upstream.exchanges.map(tokenIn).filter((token) => token === "run-2")).toHaveLength(1);
  });

  test("is answered with another token also where several endpoints serve the model", async () => {
    await using stage = await Stage.set();
    const other = await startUpstream();
    const endpoint = (origin: string) => ({
      url: `${origin}/v1`,
      credentials: ["token"],
      models: ["m"],
    });
    await using gateway = await startGateway(
      { endpoints: { a: endpoint(stage.upstream.origin), b: endpoint(other.origin) } },
      { token: fromCommand(stage.counting("run-"), "5m") },
    );
    stage.accepted = new Set(["run-2"]);
    const answer = await gateway.ask(ask);
    expect(answer.status).toBe(200);
    expect(valuesOf(answer, "x-postern-endpoint")).toEqual(["a"]);
    expect(stage.seen).toEqual(["run-1", "run-2"]);
    expect(other.exchanges).toEqual([]);
    await other.stop();
  });

  test.each([["one endpoint"], ["one of several"]])(
    "has a request to %s sent twice, and its local key charged for it once",
    async (which) => {
      await using stage = await Stage.set();
      const endpoint = { url: `${stage.upstream.origin}/v1`, credentials: ["token"], models: ["m"] };
      const { limited } = makeKeys("limited");
      const keys = { limited: { hash: hashOf(limited), limits: { "tokens-per-minute": 1000 } } };
      await using gateway = await startGateway(
        { keys, endpoints: which === "one endpoint" ? { it: endpoint } : { it: endpoint, other: endpoint } },
        { token: fromCommand(stage.counting("run-"), "5m") },
      );
      stage.accepted = new Set(["run-2"]);
      const answer = await gateway.ask({ ...ask, headers: bringing(limited) });
      expect([answer.status, stage.seen]).toEqual([200, ["run-1", "run-2"]]);
      const [line] = await gateway.ended(1);
      expect(line).toMatchObject({
        sentBytes: 2 * ask.body.length,
        estimatedTokens: Math.ceil((ask.body.length + answer.body.length) / 4),
      });
    },
  );

  test("of an endpoint without a source passes through at once", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(bearer("a-token-of-the-vault"));
    stage.accepted = new Set(["another"]);
    expect((await gateway.ask(ask)).status).toBe(401);
    expect(stage.upstream.exchanges).toHaveLength(1);
  });
});

test("a stream under the old token ends undisturbed when the token changes", async () => {
  await using stage = await Stage.set();
  await using gateway = await stage.serve(fromCommand(stage.counting("run-"), "1s"));
  const streams: Answering[] = [];
  const { promise: release, resolve: let_go } = Promise.withResolvers<void>();
  streams.push(async (exchange) => {
    await exchange.body;
    await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    await release;
    await exchange.write("3\r\ntwo\r\n0\r\n\r\n");
  });
  const plain = stage.upstream.answer;
  stage.upstream.answer = (exchange) => (streams.shift() ?? plain)(exchange);
  const streamed = gateway.ask(ask);
  for (;;) {
    await gateway.ask(ask);
    if (stage.seen.length >= 3) break;
  }
  let_go();
  expect((await streamed).text).toBe("onetwo");
});
