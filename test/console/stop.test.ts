import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { startPrivateEndpoint } from "../support/private-endpoint.ts";
import { postern, readyLine } from "../support/process.ts";

/** Follows the traffic as a program does; the first event is there when it resolves. */
async function follow(admin: string, token: string) {
  const stream = await connect(admin);
  stream.send({ target: "/api/v1/live", headers: [`Authorization: Bearer ${token}`] });
  const head = await stream.head();
  expect(head.start).toContain("200");
  const pieces = stream.body(head);
  expect((await pieces.next()).done).toBe(false);
  const ended = (async () => {
    try {
      while ((await pieces.next()).done !== true);
    } catch {
      // It was cut off.
    }
  })();
  return { stream, ended };
}

test("whoever watches in the console is let go first when the gateway stops, and streams get their time", async () => {
  await using it = await startPrivateEndpoint();
  it.upstream.answer = () => {};
  const arrival = it.upstream.next();
  const client = await connect(it.gateway.base);
  client.send({ target: "/v1/x" });
  const exchange = await arrival;
  const { ended } = await follow(it.gateway.app.admin, it.gateway.adminToken);
  let stopped = false;
  const stop = it.gateway.app.stop().then(() => (stopped = true));
  await ended;
  // Health goes on while requests in flight are waited for; the console does not.
  expect((await it.gateway.admin("/healthz")).status).toBe(200);
  await expect(it.gateway.admin("/")).rejects.toThrow();
  expect(stopped).toBe(false);
  await exchange.json({ done: true });
  expect((await client.answer()).status).toBe(200);
  await stop;
});

test("an open console keeps no process from ending", async () => {
  using folder = new Folder();
  await postern(["init", "--dir", folder.path]).ended();
  folder.write(
    "postern.yaml",
    "listen: [127.0.0.1:0]\nadmin: 127.0.0.1:0\nvault: file:vault.age\nidentity: file:identity.txt\nendpoints: {}\n",
  );
  await using program = postern(["serve", "--config", folder.file("postern.yaml")]);
  const { admin } = await readyLine(program);
  const token = readFileSync(folder.file("admin-token"), "utf8").trim();
  const { ended } = await follow(admin, token);
  const { status, stderr } = await program.stop();
  await ended;
  expect(status).toBe(0);
  expect(stderr).not.toContain(token);
});
