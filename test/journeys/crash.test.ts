import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { createVault } from "../../src/vault/vault.ts";
import { connect } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { bearer, put, textOf } from "../support/gateway.ts";
import { postern, Program, readyLine } from "../support/process.ts";
import { startUpstream } from "../support/upstream.ts";

// What Node.js and the system keep of a process that dies. A plain Node.js process dies the same way beside each: only
// when that one has left something, the gateway's silence means something.

const folder = new Folder();
beforeAll(async () => {
  const places = { file: folder.file("vault.age"), identity: folder.file("identity.txt") };
  await put(await createVault(places), "my-token", bearer("canary-crash-9b0e"));
});
afterAll(() => folder[Symbol.dispose]());

const settings = { endpoints: { hub: { url: "https://127.0.0.1:1", credentials: ["my-token"] } } };
const canary = "canary-of-the-environment";

/** The core size that a process may leave, soft and hard, as the kernel has it. */
const coreLimits = (pid: number): string | undefined =>
  /^Max core file size\s+(\S+)\s+(\S+)/m
    .exec(readFileSync(`/proc/${pid}/limits`, "utf8"))
    ?.slice(1)
    .join(" ");

describe.each([1, 2])("with workers: %i", (workers) => {
  test("no process may leave a core dump, whatever its starter may", async () => {
    const config = folder.write(`core-${workers}.yaml`, textOf({ ...settings, workers }));
    // The most that this machine allows its processes.
    const lift = ["-c", 'ulimit -c "$(ulimit -H -c)"; exec "$@"', "sh"];
    await using plain = new Program("sh", [...lift, "sleep", "60"]);
    await using serving = new Program("sh", [...lift, "bin/postern", "serve", "--config", config]);
    await readyLine(serving);
    expect(coreLimits(plain.pid)).not.toBe("0 0");
    const pids = [serving.pid, ...childrenOf(serving.pid)];
    expect(pids.map(coreLimits)).toEqual(pids.map(() => "0 0"));
  });
});

test("a gateway that runs out of memory writes no diagnostic report, even where NODE_OPTIONS asks for one", async () => {
  using cwd = new Folder();
  using elsewhere = new Folder();
  const env = { NODE_OPTIONS: "--report-on-fatalerror --max-old-space-size=40", CANARY: canary };
  const exhausting = "const all = []; for (;;) all.push([all.length])";
  await using plain = new Program(process.execPath, ["-e", exhausting], { cwd: elsewhere.path, env });
  const upstream = await startUpstream();
  upstream.answer = () => {};
  const url = `${upstream.origin}/v1`;
  const config = folder.write(
    "small.yaml",
    textOf({ endpoints: { hub: { url, credentials: ["my-token"] } } }),
  );
  await using serving = postern(["serve", "--config", config], { cwd: cwd.path, env });
  const [base = ""] = (await readyLine(serving)).listen;
  const gone = serving.ended();
  // Each waits for its answer, and its headers with it.
  const headers = Array.from({ length: 200 }, (_, number) => `X-${number}: ${"x".repeat(250)}`);
  while (serving.child.signalCode === null && serving.child.exitCode === null) {
    const client = await connect(base).catch(() => undefined);
    client?.socket.on("error", () => {});
    client?.send({ target: "/v1/x", headers });
  }
  await Promise.all([gone, plain.ended(), upstream.stop()]);
  expect(serving.stderr).toContain("heap out of memory");
  const [report = ""] = readdirSync(elsewhere.path);
  expect(readFileSync(elsewhere.file(report), "utf8")).toContain(canary);
  expect(readdirSync(cwd.path)).toEqual([]);
});
