import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { Settings } from "../support/gateway.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

let it: PrivateEndpoint;
beforeEach(async () => {
  it = await startPrivateEndpoint();
});
afterEach(() => it[Symbol.asyncDispose]());

const settings = (name: string, path: string) => ({
  listen: [it.gateway.base.replace("http://", "")],
  admin: it.gateway.app.admin.replace("http://", ""),
  endpoints: { [name]: { ...it.endpoint, url: `${it.upstream.origin}${path}` } },
});

const target = async (path: string) => {
  it.upstream.forget();
  const { status } = await it.gateway.ask({ target: path });
  return [status, it.upstream.exchanges[0]?.target];
};

describe("a valid change is in force after the reload", () => {
  test("that was asked for", async () => {
    it.gateway.write(settings("renamed", "/other/v1"));
    await it.gateway.app.reload();
    expect(await target("/renamed/v1/x")).toEqual([200, "/other/v1/x"]);
    expect(await target("/private/v1/x")).toEqual([404, undefined]);
  });

  test("that the change of the file itself brings", async () => {
    it.gateway.write(settings("renamed", "/other/v1"));
    await eventually(async () => expect(await target("/renamed/v1/x")).toEqual([200, "/other/v1/x"]));
  });

  test("while a stream in flight goes on to its end", async () => {
    it.upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    client.send({ target: "/v1/x" });
    const head = await client.head();
    const exchange = await arrival;
    it.gateway.write(settings("renamed", "/other/v1"));
    await it.gateway.app.reload();
    expect(await target("/renamed/v1/x")).toEqual([200, "/other/v1/x"]);
    await exchange.write("2\r\ncd\r\n0\r\n\r\n");
    const pieces: Buffer[] = [];
    for await (const piece of client.body(head)) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe("abcd");
    client.leave();
  });
});

describe("a request whose body is still on its way goes to no endpoint that is not there any more:", () => {
  const changes: Record<string, () => Readonly<Record<string, unknown>>> = {
    "it was removed": () => ({ other: it.endpoint }),
    "it has another origin": () => ({ private: { ...it.endpoint, url: "https://127.0.0.1:1/openai/v1" } }),
    "it has another base path": () => ({ private: { ...it.endpoint, url: `${it.upstream.origin}/other` } }),
  };
  for (const [name, endpoints] of Object.entries(changes))
    test.each(["/private/v1/x", "/private/raw/x"])(`${name} (%s)`, async (path) => {
      const client = await connect(it.gateway.base);
      client.send(
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTE: trailers\r\n\r\n{`,
      );
      // Time enough to be routed; without it the old endpoint is not known, and there is another error.
      await new Promise((resolve) => setTimeout(resolve, 500));
      it.gateway.write({ ...settings("private", ""), endpoints: endpoints() as Settings["endpoints"] });
      await it.gateway.app.reload();
      client.send("}");
      const answer = await client.answer();
      expect([answer.status, errorIn(answer).code]).toEqual([503, "endpoint_moved"]);
      expect(it.upstream.exchanges).toEqual([]);
      expect(it.upstream.connections).toBe(0);
      client.leave();
    });
});

describe("a broken change leaves the last good configuration in force", () => {
  const broken: Record<string, string> = {
    "no YAML": "endpoints: [",
    "an unknown key": "listne: []\n",
    "an empty file": "",
    "a credential that is not in the vault":
      "endpoints:\n  private: {url: https://127.0.0.1:1, credentials: [nosuch]}\n",
  };
  for (const [name, text] of Object.entries(broken).slice(0, 2))
    test(`${name}, and the log and a metric say so`, async () => {
      it.gateway.write(text);
      await it.gateway.app.reload().catch(() => {});
      expect(await target("/private/v1/x")).toEqual([200, "/openai/v1/x"]);
      expect(it.gateway.log.text).toMatch(/has (a problem|\d+ problems)/);
      const { text: page } = await it.gateway.admin("/metrics");
      expect(
        page
          .split("\n")
          .some((line) => /^postern_configuration_reloads_total\{result="refused"\} [1-9]/.test(line)),
      ).toBe(true);
      // And the next good one is taken.
      it.gateway.write(settings("renamed", "/other/v1"));
      await it.gateway.app.reload();
      expect(await target("/renamed/v1/x")).toEqual([200, "/other/v1/x"]);
    });

  test("a credential that is not in the vault is never replaced by none", async () => {
    it.gateway.write(broken["a credential that is not in the vault"] ?? "");
    await it.gateway.app.reload().catch(() => {});
    const [status, arrived] = await target("/private/v1/x");
    // Either the old configuration serves on, or the new one refuses; nothing goes out without a credential.
    if (status === 200) expect(arrived).toBe("/openai/v1/x");
    else expect([status, arrived]).toEqual([503, undefined]);
  });
});
