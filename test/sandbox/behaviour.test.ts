import { once } from "node:events";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plain } from "../../src/sandbox/behaviour.ts";
import { deliver } from "../../src/sandbox/delivery.ts";
import { eventually } from "../support/eventually.ts";
import { Caller, chatModel, messages, sandboxWith, type TestSandbox } from "./support.ts";

let sandbox: TestSandbox;
let caller: Caller;
beforeAll(async () => {
  sandbox = await sandboxWith("certificate");
  caller = new Caller(sandbox);
});
afterAll(async () => {
  caller[Symbol.dispose]();
  await sandbox[Symbol.asyncDispose]();
});

const eventsIn = (text: string): number => text.split("\n\n").length - 1;

/** How the newest request ended, once it has. */
const ending = (): Promise<string> =>
  eventually(() => {
    const ended = sandbox.requests.at(-1)?.ended;
    if (ended === undefined) throw new Error("it has not ended");
    return ended;
  });

/** Reads a stream until it breaks, and returns what came. */
async function received(answer: Awaited<ReturnType<Caller["chat"]>>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of answer.body ?? [])
      text += decoder.decode(chunk as Uint8Array, { stream: true });
  } catch {
    return `${text}(broken)`;
  }
  return text;
}

describe("x-sandbox", () => {
  test("length=N makes the answer N words long", async () => {
    const answer = await caller
      .sdk("no_key", { "x-sandbox": "length=250" })
      .chat.completions.create({ model: chatModel, messages });
    expect(answer.choices[0]?.message.content?.split(" ")).toHaveLength(250);
    expect(answer.usage?.completion_tokens).toBe(250);
  });

  test("fail=N answers with that status, in OpenAI's shape, and says when to come back where that is usual", async () => {
    for (const [status, after] of [
      [503, "1"],
      [429, "1"],
      [500, null],
      [404, null],
    ] as const) {
      const answer = await caller.chat({ "x-sandbox": `fail=${status}` });
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, after]);
      expect(await answer.json()).toHaveProperty("error.message");
    }
  });

  test("delay and pace are kept", async () => {
    const start = performance.now();
    const answer = await caller.chat({ "x-sandbox": "delay=200ms, pace=30ms, length=4" });
    const headers = performance.now() - start;
    await answer.text();
    const end = performance.now() - start;
    expect(headers).toBeGreaterThan(190);
    // 7 events: role, 4 words, finish, [DONE].
    expect(end).toBeGreaterThan(190 + 6 * 28);
  });

  test("break-after=N sends N chunks of a stream and destroys the connection", async () => {
    const text = await received(await caller.chat({ "x-sandbox": "break-after=3" }));
    expect(eventsIn(text)).toBe(3);
    expect(text).toMatch(/\(broken\)$/);
    expect(await ending()).toBe("broken");
  });

  test("break-after=N cuts an answer that is no stream in its middle", async () => {
    const answer = await caller.post(
      "/chat/completions",
      { model: chatModel, messages },
      { "x-sandbox": "break-after=1" },
    );
    const length = Number(answer.headers.get("content-length"));
    const text = await received(answer);
    expect(text).toMatch(/^\{.*\(broken\)$/);
    expect(text.length - "(broken)".length).toBe(Math.floor(length / 2));
    expect(await ending()).toBe("broken");
  });

  test("hang never answers, and the client's leaving is noted", async () => {
    const leave = new AbortController();
    const before = sandbox.requests.length;
    const asked = caller.fetch(`${sandbox.url}/models`, {
      headers: { "x-sandbox": "hang" },
      signal: leave.signal,
    });
    const arrived = await eventually(() => {
      const request = sandbox.requests[before];
      if (request?.body === undefined) throw new Error("it has not arrived");
      return request;
    });
    expect(arrived.ended).toBeUndefined();
    leave.abort();
    await expect(asked).rejects.toThrow();
    expect(await ending()).toBe("client-left");
  });

  test("a client that leaves in mid-stream ends the answer", async () => {
    const leave = new AbortController();
    const answer = await caller.fetch(`${sandbox.url}/chat/completions`, {
      method: "POST",
      headers: { "x-sandbox": "pace=10ms, length=100000" },
      body: JSON.stringify({ model: chatModel, messages, stream: true }),
      signal: leave.signal,
    });
    const reader = answer.body?.getReader();
    await reader?.read();
    leave.abort();
    expect(await ending()).toBe("client-left");
  });

  test("a client that does not read holds the answer back until it leaves", async () => {
    function* endless(): Generator<string> {
      for (;;) yield "data: {}\n\n";
    }
    const ended = Promise.withResolvers<string>();
    const server = createServer((_, response) => {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      // Without an end, this returns only if it waits for the client.
      deliver({ events: endless() }, plain, response, gone.signal).then(ended.resolve, ended.reject);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const request = get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
    await once(request, "response");
    request.destroy();
    expect(await ended.promise).toBe("client-left");
    server.close();
  });

  test.each([
    ["an unknown word", "teapot"],
    ["a duration without a unit", "delay=500"],
    ["a status that is no failure", "fail=200"],
    ["a count that is none", "break-after=many"],
    ["a value where there is none", "hang=1"],
    ["a length of nothing", "length=0"],
    ["a name of Object's own", "constructor=1"],
  ])("is refused with 400 for %s", async (_, word) => {
    const answer = await caller.chat({ "x-sandbox": word });
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining(word.split("=")[0] ?? ""),
    ]);
  });
});
