import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { postern, readyLine } from "../support/process.ts";
import { Desk } from "./desk.ts";

test("a gateway dumps no core, and SIGUSR1 and SIGUSR2 neither end it nor open its inspector or a report", async () => {
  using desk = await Desk.make();
  const config = desk.folder.write("postern.yaml", "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n");
  const env = { NODE_OPTIONS: "--report-on-signal --report-on-fatalerror" };
  await using program = postern(["serve", "--config", config], { env, cwd: desk.folder.path });
  const { pid, admin } = await readyLine(program);
  expect(readFileSync(`/proc/${pid}/limits`, "utf8")).toMatch(/^Max core file size +0 +0 /m);
  const files = Object.keys(desk.folder.contents());
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) process.kill(pid, signal);
  await eventually(async () => expect((await fetch(`${admin}/healthz`)).status).toBe(200));
  expect(program.stderr).not.toMatch(/Debugger listening|Node.js report/);
  expect(Object.keys(desk.folder.contents())).toEqual(files);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(9229, "127.0.0.1");
    socket.on("error", () => resolve());
    socket.on("connect", () => {
      socket.destroy();
      reject(new Error("an inspector listens"));
    });
  });
});
