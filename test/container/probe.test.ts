import { once } from "node:events";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Ended, Program } from "../support/process.ts";

const probe = (url: string): Promise<Ended> =>
  new Program(process.execPath, [join(import.meta.dirname, "../../bin/postern-probe"), url]).ended();

/** Asks a server that answers so, and tells what the server was asked for. */
async function asking(answer: RequestListener): Promise<Ended & { readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host} ${request.url}`);
    answer(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const ended = await probe(`http://127.0.0.1:${port}/readyz`);
    return { ...ended, asked: asked.map((line) => line.replace(`:${port}`, ":PORT")) };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a well server is well", async () => {
  expect(await asking((_, response) => response.end("ok"))).toEqual({
    status: 0,
    stdout: "",
    stderr: "",
    asked: ["GET 127.0.0.1:PORT /readyz"],
  });
});

test("a server that says it is not ready, closes, or says nothing is not well, and the reason is told", async () => {
  const refusing = await asking((_, response) => response.writeHead(503).end());
  expect(refusing).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^error: .* answered 503\nhint: /) as string,
  });
  const closing = await asking((request) => request.socket.destroy());
  expect(closing).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("cannot be reached") as string,
  });
  const silent = await asking(() => {});
  expect(silent).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("did not answer within 4 s") as string,
  });
});

test("no server is not well", async () => {
  // Port 1 is privileged and unassigned on any machine that a test runs on.
  expect(await probe("http://127.0.0.1:1/healthz")).toMatchObject({ status: 1 });
});
