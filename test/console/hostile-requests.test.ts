import { ServerResponse, IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Reloads } from "../../src/admin/reloads.ts";
import { leavingOf } from "../../src/admin/api/leaving.ts";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { enter } from "./sign-in.ts";
import { type ApiFault, Console, faultIn } from "./support.ts";

let it: Console;
beforeAll(async () => {
  it = await Console.start();
});
afterAll(() => it[Symbol.asyncDispose]());

const asked = (target: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${it.gateway.adminToken}\r\n\r\n`;

const faultOf = async (answer: Response): Promise<ApiFault> =>
  ((await answer.json()) as { readonly error: ApiFault }).error;

test("requests that are sent at once on one connection are answered one after the other", async () => {
  const client = await connect(it.url);
  const targets = ["/healthz", "/api/v1/nothing", "/metrics", "/"];
  client.send(Array.from({ length: 20 }, () => targets.map(asked).join("")).join(""));
  for (let i = 0; i < 80; i += 1)
    expect((await client.answer()).status).toBe(
      targets[i % targets.length] === "/api/v1/nothing" ? 404 : 200,
    );
  client.leave();
});

test("what waits behind an answer that has no end is not begun, and is forgotten when the client leaves", async () => {
  const body = JSON.stringify({ how: "generate", kind: "bearer-token", name: "hasty" });
  const client = await connect(it.url);
  client.send(
    asked("/api/v1/live") +
      asked("/api/v1/items").replace("GET", "POST").trimEnd() +
      `\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  expect((await client.wire.head())?.start).toBe("HTTP/1.1 200 OK");
  // Whatever is done before this answer has been done by now.
  expect(
    (await it.api("POST", "/items", { how: "generate", kind: "bearer-token", name: "calm" })).status,
  ).toBe(201);
  client.leave();
  const { json } = await it.api("GET", "/items");
  expect((json as { readonly items: readonly { readonly name: string }[] }).items).toMatchObject([
    { name: "calm" },
  ]);
});

test("a name that is too long is refused, and not told as an error of ours", async () => {
  const answer = await it.api("GET", `/items/${"a".repeat(5000)}`);
  expect([answer.status, faultIn(answer).code]).toEqual([400, "parameter_invalid"]);
  expect(faultIn(answer).message).toBe("the path is not as it should be: a name in it is too long");
});

test("an endpoint that is nested without end is refused where it is checked, added or changed", async () => {
  const deep = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
  for (const [method, path, more] of [
    ["POST", "/endpoints/check", '"name":"x",'],
    ["POST", "/endpoints", '"name":"x",'],
    ["PUT", "/endpoints/x", ""],
  ] as const) {
    const answer = await fetch(`${it.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${it.gateway.adminToken}`, "content-type": "application/json" },
      body: `{${more}"endpoint":${deep}}`,
    });
    expect(answer.status).toBe(400);
    expect((await faultOf(answer)).message).toContain("nested more than 20 levels deep");
  }
});

test.each([
  ["application/vnd.api+json", "a body of the type application/vnd.api+json is refused"],
  ["multipart/form-data; boundary=x", "a body of the type multipart/form-data is refused"],
  ["<script>", "a body without a Content-Type is refused"],
])("a body of the type %s is refused by its name", async (type, message) => {
  const answer = await fetch(`${it.url}/api/v1/items`, {
    method: "POST",
    headers: { authorization: `Bearer ${it.gateway.adminToken}`, "content-type": type },
    body: "{}",
  });
  expect(answer.status).toBe(415);
  expect((await faultOf(answer)).message).toContain(message);
});

test.each([
  ["GET", "/audit?falied=true"],
  ["DELETE", "/items/calm?anyways=true"],
  ["GET", "/live/history?endpiont=x"],
  ["GET", "/live/requests?falied=true"],
  ["GET", `/proof?challenge=${"x".repeat(43)}&for=x`],
])("%s %s: what a query misspells is refused, not passed over", async (method, path) => {
  const answer = await it.api(method, path);
  expect([answer.status, faultIn(answer).message]).toEqual([
    400,
    expect.stringContaining("the query is not as it should be: unrecognized key"),
  ]);
});

test("who is not in yet can send no more than the code of a link", async () => {
  const answer = await enter(it, "x".repeat(2000));
  expect([answer.status, (await faultOf(answer)).code]).toEqual([413, "api_body_too_large"]);
});

test("who has left while being let in is known to have left", () => {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  res.destroy();
  return eventually(() => expect(leavingOf(res).aborted).toBe(true));
});

test("an error of ours is told to the log, and the answer says only that it is there", async () => {
  using broken = vi.spyOn(Reloads.prototype, "all", "get").mockImplementation(() => {
    throw new TypeError("a fault of ours");
  });
  const answer = await it.api("GET", "/configuration/reloads");
  expect(broken).toHaveBeenCalled();
  expect([answer.status, faultIn(answer).message]).toEqual([
    500,
    "an error of Postern's own: the log has more",
  ]);
  expect(it.gateway.log.lines()).toContainEqual(
    expect.objectContaining({ msg: "internal error", reason: "a fault of ours" }),
  );
});
