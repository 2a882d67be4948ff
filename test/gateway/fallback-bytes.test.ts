import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { answering, chat, header, type SharedModel, startSharedModel } from "../support/shared-model.ts";

const unavailable = (...headers: readonly string[]) =>
  answering("503 Service Unavailable", headers, "not now");
const asked = chat().length;

/** What the metrics say of bodies, to and from each endpoint. */
async function counted({ gateway }: SharedModel) {
  const of = (metric: string) =>
    Promise.all(["a", "b"].map((name) => gateway.metric(metric, `endpoint="${name}"`)));
  const [sent, received] = await Promise.all([
    of("postern_sent_bytes_total"),
    of("postern_received_bytes_total"),
  ]);
  return { sent, received };
}

describe("bodies count for the endpoint that they went to, or came from, once", () => {
  test("when the first one's answer is not the client's", async () => {
    await using it = await startSharedModel();
    it.let("a", unavailable());
    const answer = await it.post();
    expect(header(answer, "x-postern-endpoint")).toBe("b");
    await it.gateway.ended(1);
    expect(await counted(it)).toEqual({ sent: [asked, asked], received: [7, answer.body.length] });
  });

  test("when the first one's answer breaks off", async () => {
    await using it = await startSharedModel();
    it.let("a", async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nnot");
      exchange.reset();
    });
    // It waits until the other one is gone.
    it.let("b", async (exchange) => {
      await it.upstream("a").exchanges[0]?.closed;
      await answering("200 OK", [], "yes")(exchange);
    });
    expect((await it.post()).text).toBe("yes");
    await it.gateway.ended(1);
    expect(await counted(it)).toEqual({ sent: [asked, asked], received: [3, 3] });
  });

  test("when nobody serves, and the client gets the last answer", async () => {
    await using it = await startSharedModel();
    for (const name of ["a", "b"]) it.let(name, unavailable());
    expect((await it.post()).text).toBe("not now");
    await it.gateway.ended(1);
    expect(await counted(it)).toEqual({ sent: [asked, asked], received: [7, 7] });
  });

  test("when the client gets an answer after all that was set aside", async () => {
    await using it = await startSharedModel();
    it.let("a", unavailable());
    await it.upstream("b").stop();
    expect((await it.post()).text).toBe("not now");
    const [line] = await it.gateway.ended(1);
    expect(line).toMatchObject({ endpoint: "a", sentBytes: asked, receivedBytes: 7 });
    expect(await counted(it)).toEqual({ sent: [asked, 0], received: [7, 0] });
  });

  test.each([
    ["waits for the second one's answer", () => {}],
    ["waits for a pause", unavailable("retry-after-ms: 4000")],
  ])("when the client leaves while it %s", async (_, answer) => {
    await using it = await startSharedModel();
    it.let("a", unavailable("retry-after-ms: 4000"));
    it.let("b", answer);
    const arrival = it.upstream("b").next();
    const client = await it.posting();
    await (
      await arrival
    ).body;
    if (answer.length > 0)
      await eventually(async () =>
        expect(await it.gateway.metric("postern_upstream_attempts_total", 'endpoint="b"')).toBe(1),
      );
    client.leave();
    const [line] = await it.gateway.ended(1);
    expect(line).toMatchObject({ endpoint: "b", outcome: "client-wait", sentBytes: asked });
    expect((await counted(it)).sent).toEqual([asked, asked]);
  });
});
