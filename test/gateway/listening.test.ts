import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Gateway } from "../../src/gateway/server.ts";
import { createMetrics } from "../../src/gateway/metrics.ts";
import type { Directory } from "../../src/gateway/directory.ts";
import { listenOn } from "../../src/gateway/listen.ts";
import { ask } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { Sink } from "../support/gateway.ts";

const nothing: Directory = {
  destinations: new Map(),
  byModel: new Map(),
  fallback: undefined,
  peekBytes: 1024,
};

function gatewayOf(log: Sink): Gateway {
  const directory = (): Directory => nothing;
  return new Gateway({ directory, metrics: createMetrics(directory), log: pino(log) });
}

/** An address for documentation (RFC 3849), which no machine has: as ::1 is on a machine without IPv6. */
const unavailable = { host: "2001:db8::1", port: 0 };
const ipv4 = { host: "127.0.0.1", port: 0 };

test("on a machine without IPv6 the other listeners serve, and the log says what is missing", async () => {
  const log = new Sink();
  const gateway = gatewayOf(log);
  const urls = await gateway.listen([
    { address: ipv4, endpoint: undefined },
    { address: unavailable, endpoint: undefined },
  ]);
  expect(urls).toHaveLength(1);
  expect((await ask(urls[0] ?? "", { target: "/v1/models" })).status).toBe(404);
  expect(log.text).toContain("this machine has no IPv6");
  expect(log.text).toContain("2001:db8::1");
  await gateway.stop(0);
});

test("a listener that is the only one must be there", async () => {
  const gateway = gatewayOf(new Sink());
  const listening = gateway.listen([{ address: unavailable, endpoint: undefined }]);
  await expect(listening).rejects.toMatchObject({ code: "address_unavailable" });
});

test("a file in the place of a Unix socket is refused and left as it is", async () => {
  using folder = new Folder();
  const socket = folder.file("postern.sock");
  writeFileSync(socket, "precious");
  await expect(listenOn({ socket }, () => {})).rejects.toMatchObject({ code: "address_in_use" });
  expect(readFileSync(socket, "utf8")).toBe("precious");
});

test("a socket at which a program answers is refused and left to it", async () => {
  using folder = new Folder();
  const socket = folder.file("postern.sock");
  const other = createServer((connection) => connection.on("error", () => {}).end("other")).listen(socket);
  await once(other, "listening");
  await expect(listenOn({ socket }, () => {})).rejects.toMatchObject({ code: "address_in_use" });
  expect(statSync(socket).isSocket()).toBe(true);
  other.close();
});

test("a socket left by a program that was killed is replaced, by one for its owner alone", async () => {
  using folder = new Folder();
  const socket = folder.file("postern.sock");
  const leave = `require("net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`;
  expect(() => execFileSync(process.execPath, ["-e", leave])).toThrow();
  expect(statSync(socket).isSocket()).toBe(true);
  const before = process.umask(0);
  try {
    const listener = await listenOn({ socket }, (connection) => connection.destroy());
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(0);
    listener.close();
    await listener.end();
  } finally {
    process.umask(before);
  }
});
