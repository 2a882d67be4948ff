import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  allOf,
  Caller,
  chatModel,
  embeddingModel,
  messages,
  sandboxWith,
  type TestSandbox,
} from "./support.ts";

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

const dataOf = (stream: string): unknown[] =>
  stream
    .split("\n\n")
    .filter((event) => event.startsWith("data: {"))
    .map((event) => JSON.parse(event.slice("data: ".length)) as unknown);

describe("the official SDK", () => {
  test("lists the models and shows one whose name has a slash", async () => {
    const sdk = caller.sdk();
    const { data } = await sdk.models.list();
    expect(data.map(({ id }) => id)).toEqual([chatModel, embeddingModel]);
    expect(await sdk.models.retrieve(chatModel)).toEqual(data[0]);
  });

  test("gets a chat in one piece, with usage numbers that add up", async () => {
    const answer = await caller.sdk().chat.completions.create({ model: chatModel, messages });
    const text = answer.choices[0]?.message.content ?? "";
    expect(text).toContain("client certificate client.sandbox.user");
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    expect(answer.usage).toEqual({
      prompt_tokens: 3,
      completion_tokens: text.split(" ").length,
      total_tokens: 3 + text.split(" ").length,
    });
  });

  test("streams the same chat: the role, the words, the finish, the usage", async () => {
    const sdk = caller.sdk();
    const whole = await sdk.chat.completions.create({ model: chatModel, messages });
    const stream = await sdk.chat.completions.create({
      model: chatModel,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await allOf(stream);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      whole.choices[0]?.message.content,
    );
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  test("is told when a limit in tokens cut the answer short", async () => {
    const answer = await caller
      .sdk()
      .chat.completions.create({ model: chatModel, messages, max_completion_tokens: 5 });
    expect(answer.choices[0]?.finish_reason).toBe("length");
    expect(answer.usage?.completion_tokens).toBe(5);
  });

  test("gets text completions, whole and streamed", async () => {
    const sdk = caller.sdk();
    const asked = { model: chatModel, prompt: "Once upon a time" };
    const whole = await sdk.completions.create(asked);
    expect(whole.usage?.prompt_tokens).toBe(4);
    const chunks = await allOf(await sdk.completions.create({ ...asked, stream: true }));
    expect(chunks.map((chunk) => chunk.choices[0]?.text ?? "").join("")).toBe(whole.choices[0]?.text);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  test("gets a response, whole and as typed events in order", async () => {
    const sdk = caller.sdk();
    const asked = { model: chatModel, input: "What just happened?" };
    const whole = await sdk.responses.create(asked);
    expect(whole.status).toBe("completed");
    expect(whole.output_text).toContain("private endpoint");
    const events = await allOf(await sdk.responses.create({ ...asked, stream: true }));
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, i) => i));
    expect([...new Set(events.map((event) => event.type))]).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    expect(deltas.map((event) => event.delta).join("")).toBe(whole.output_text);
    const stream = sdk.responses.stream(asked);
    expect((await stream.finalResponse()).output_text).toBe(whole.output_text);
  });

  test("gets an incomplete response where its limit was reached", async () => {
    const answer = await caller
      .sdk()
      .responses.create({ model: chatModel, input: "hi", max_output_tokens: 4 });
    expect(answer.status).toBe("incomplete");
    expect(answer.incomplete_details).toEqual({ reason: "max_output_tokens" });
  });

  test("gets the same vectors as numbers and as base64, a different one per input", async () => {
    const sdk = caller.sdk();
    const asked = { model: embeddingModel, input: ["a wall", "a gate"], dimensions: 64 };
    const numbers = await sdk.embeddings.create({ ...asked, encoding_format: "float" });
    const decoded = await sdk.embeddings.create(asked);
    expect(numbers.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(numbers.data.map(({ embedding }) => embedding.length)).toEqual([64, 64]);
    expect(Math.hypot(...(numbers.data[0]?.embedding ?? []))).toBeCloseTo(1);
    expect(numbers.data[0]?.embedding).not.toEqual(numbers.data[1]?.embedding);
    expect(decoded.data).toEqual(numbers.data);
  });

  test.each([
    ["an unknown model", { model: "gpt-0", messages }, 404, "model_not_found"],
    ["a model that does not chat", { model: embeddingModel, messages }, 400, null],
  ])("gets the error that servers give for %s", async (_, body, status, code) => {
    const asked = caller.sdk().chat.completions.create(body);
    await expect(asked).rejects.toMatchObject({ status, code, type: "invalid_request_error" });
  });
});

describe("an answer", () => {
  test("has the same bytes for the same request, under /v1 as under /openai/v1", async () => {
    const one = await (await caller.chat()).text();
    const other = await caller.fetch(`${new URL(sandbox.url).origin}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: chatModel, messages, stream: true }),
    });
    expect(await other.text()).toBe(one);
    expect(one.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(dataOf(one).every((chunk) => !Object.hasOwn(chunk as object, "usage"))).toBe(true);
  });

  test("names the verified client and the credentials in its headers", async () => {
    const { headers } = await caller.fetch(`${sandbox.url}/models`);
    expect(headers.get("x-sandbox-client")).toBe("client.sandbox.user");
    expect(headers.get("x-sandbox-credentials")).toBe("certificate");
  });

  test("to /health is given at the root", async () => {
    const answer = await caller.fetch(`${new URL(sandbox.url).origin}/health`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: "ok" }]);
  });

  test.each([
    ["an unknown path", "POST", "/nothing", "{}", 404],
    ["a wrong method", "GET", "/chat/completions", null, 405],
    ["a body that is not JSON", "POST", "/chat/completions", "{", 400],
    ["a body that is a list", "POST", "/chat/completions", "[]", 400],
    ["a missing model", "POST", "/chat/completions", "{}", 400],
    ["missing messages", "POST", "/chat/completions", `{"model":"${chatModel}"}`, 400],
    [
      "a limit that is no number",
      "POST",
      "/completions",
      `{"model":"${chatModel}","prompt":"a","max_tokens":"x"}`,
      400,
    ],
    ["a missing input", "POST", "/embeddings", `{"model":"${embeddingModel}"}`, 400],
    ["a name of Object's own", "POST", "/constructor", "{}", 404],
  ])("to %s is an error in OpenAI's shape", async (_, method, path, body, status) => {
    const answer = await caller.fetch(`${sandbox.url}${path}`, { method, body });
    expect(answer.status).toBe(status);
    const { error } = (await answer.json()) as { error: object };
    expect(Object.keys(error)).toEqual(["message", "type", "param", "code"]);
  });
});
