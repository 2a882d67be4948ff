import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { certificate, put, textOf } from "../support/gateway.ts";
import { makePki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { postern, type Program, readyLine } from "../support/process.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { createVault } from "../../src/vault/vault.ts";

const mib = 1024 * 1024;
const folder = new Folder();
let upstream: Upstream;
let program: Program;
let base: string;

// A process of its own, so that its memory is the gateway's alone.
beforeAll(async () => {
  const pki = await makePki();
  upstream = await startUpstream(demanding(pki));
  const vault = await createVault({ file: folder.file("vault.age"), identity: folder.file("identity.txt") });
  await put(vault, "gen-cert", certificate(pki.client));
  folder.write("server-ca.pem", pki.serverCa.certificate);
  const endpoint = { url: `${upstream.origin}/v1`, credentials: ["gen-cert"], ca: "server-ca.pem" };
  folder.write("postern.yaml", textOf({ endpoints: { private: endpoint } }));
  program = postern(["serve", "--config", folder.file("postern.yaml")]);
  base = (await readyLine(program)).listen[0] ?? "";
});
afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await upstream.stop();
  folder[Symbol.dispose]();
});

/** Resident memory of the gateway, in bytes. */
function memory(): number {
  const status = readFileSync(`/proc/${program.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Uploads so many bytes, and returns the hash of what was sent and the greatest memory seen on the way. */
async function upload(bytes: number): Promise<{ readonly sha256: string; readonly peak: number }> {
  const client = await connect(base);
  const hash = createHash("sha256");
  let peak = 0;
  client.send(
    `POST /private/v1/files HTTP/1.1\r\nHost: ${client.authority}\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  for (let sent = 0; sent < bytes; sent += mib) {
    const piece = Buffer.alloc(mib, `${sent} `);
    hash.update(piece);
    if (!client.socket.write(piece)) await once(client.socket, "drain");
    peak = Math.max(peak, memory());
  }
  expect((await client.answer()).status).toBe(200);
  client.leave();
  return { sha256: hash.digest("hex"), peak };
}

test("an upload of 100 MB arrives whole, and the gateway's memory stays flat", async () => {
  await upload(64 * mib); // Until the collector of garbage has found its pace.
  const before = memory();
  upstream.forget();
  const { sha256, peak } = await upload(100 * mib);
  const arrived = await upstream.exchanges[0]?.body;
  expect(
    createHash("sha256")
      .update(arrived ?? "")
      .digest("hex"),
  ).toBe(sha256);
  expect((peak - before) / mib).toBeLessThan(60);
});

test("an upload that the endpoint does not read stops the client, and does not fill the gateway", async () => {
  upstream.forget();
  upstream.reading = false;
  const before = memory();
  const client = await connect(base);
  client.send(
    `POST /private/v1/files HTTP/1.1\r\nHost: ${client.authority}\r\nContent-Length: ${200 * mib}\r\n\r\n`,
  );
  const piece = Buffer.alloc(mib);
  let sent = 0;
  let stuck = false;
  while (!stuck && sent < 200) {
    sent += 1;
    if (client.socket.write(piece)) continue;
    stuck = await Promise.race([
      once(client.socket, "drain").then(() => false),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 2000)),
    ]);
  }
  expect(stuck).toBe(true);
  expect((memory() - before) / mib).toBeLessThan(60);
  client.leave();
});
