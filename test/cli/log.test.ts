import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { Folder } from "../support/folder.ts";
import { Program } from "../support/process.ts";

const postern = join(import.meta.dirname, "../../bin/postern");

/** Starts `serve`, with this many workers and its log in a pipe or a file, and waits until it is ready. */
async function serving(folder: Folder, workers: number, log: "pipe" | number = "pipe") {
  const init = new Program(postern, ["init", "--dir", folder.path]);
  expect((await init.ended()).status).toBe(0);
  const config = folder.write(
    "postern.yaml",
    `listen: [127.0.0.1:0]\nadmin: 127.0.0.1:0\nworkers: ${workers}\n`,
  );
  const child = spawn(postern, ["serve", "--config", config], { stdio: ["ignore", "pipe", log] });
  if (child.stdout === null) throw new Error("it has no output");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { listen } = JSON.parse(line.toString()) as { listen: [string] };
  return { child, base: listen[0] };
}

test.each([
  { workers: 1, asked: true },
  { workers: 1, asked: false },
  { workers: 2, asked: false },
])(
  "a log that nobody reads any more keeps no process from serving, nor from ending: $workers, asked: $asked",
  async ({ workers, asked }) => {
    using folder = new Folder();
    const fifo = folder.file("log");
    execFileSync("mkfifo", [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(fifo, constants.O_WRONLY);
    const { child, base } = await serving(folder, workers, writer);
    closeSync(writer);
    // Long enough for its first lines to leave: what cannot be written then is only what comes last.
    await setTimeout(500);
    closeSync(reader);
    if (asked) for (let i = 0; i < 3; i += 1) expect((await fetch(`${base}/v1/models`)).status).toBe(404);
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
  },
);

test("the last lines of the log are there when it has ended", async () => {
  using folder = new Folder();
  const { child, base } = await serving(folder, 1);
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  await Promise.all(Array.from({ length: 200 }, () => fetch(`${base}/v1/models`)));
  child.kill("SIGTERM");
  await once(child, "close");
  const lines = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { msg: string });
  expect(lines.filter(({ msg }) => msg === "request")).toHaveLength(200);
  expect(lines.at(-1)).toMatchObject({ msg: "stopped" });
});
