import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/process.ts";
import type { Desk } from "../vault/desk.ts";
import { deskWithItems, sh } from "./run-desk.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await deskWithItems();
});
afterAll(() => desk[Symbol.dispose]());

test("on a terminal, Ctrl-C reaches the program once, and Postern waits for it", async () => {
  const script = `let n=0;process.on("SIGINT",()=>{n+=1;setTimeout(()=>{console.log("got",n);process.exit(3)},200)});setInterval(()=>{},1000);console.log("ready")`;
  const said = await onTerminal(desk, ["--", "node", "-e", script], "ready", "\u0003");
  expect(said).toMatch(
    /postern: the output is masked, so node sees no terminal; --no-mask gives it this one/,
  );
  expect(said).toMatch(/got 1\r\nstatus 3/);
});

test("on a terminal, the program can be stopped with Ctrl-Z, and goes on", async () => {
  await using terminal = new Terminal(desk);
  terminal.type(`${shellLine(["--no-mask", ...sh("echo ready; read x; echo got $x")])}\n`);
  await terminal.shows("ready\r\n");
  terminal.type("\u001a");
  await terminal.shows("Stopped");
  terminal.type("fg\n");
  terminal.type("line\n");
  await terminal.shows("got line\r\n");
});

test("--no-mask gives the program the terminal itself", async () => {
  expect(await onTerminal(desk, ["--no-mask", ...sh("test -t 1 && echo terminal")])).toMatch(
    /terminal\r\nstatus 0/,
  );
  expect(await onTerminal(desk, sh("test -t 1 || echo pipe"))).toMatch(/pipe\r\nstatus 0/);
});

const bin = join(import.meta.dirname, "../../bin/postern");

/** `postern run …` as one types it into a shell. */
const shellLine = (args: readonly string[]): string =>
  [bin, "run", ...args].map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(" ");

/** A shell with job control on a terminal of its own. */
class Terminal implements AsyncDisposable {
  readonly #program: Program;

  constructor(desk: Desk) {
    this.#program = new Program(
      "script",
      ["--quiet", "--flush", "--command", "bash --norc --noprofile -i", "/dev/null"],
      {
        env: { POSTERN_CONFIG: desk.folder.file("postern.yaml"), HOME: desk.folder.path, HISTFILE: "" },
        cwd: desk.folder.path,
      },
    );
  }

  type(keys: string): void {
    this.#program.child.stdin?.write(keys);
  }

  /** Waits until the text stands there, and returns all that does. */
  shows(text: string | RegExp): Promise<string> {
    return eventually(() => {
      expect(this.#program.stdout).toMatch(text);
      return this.#program.stdout;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** What stands on a terminal after `postern run …` has ended there; `key` is pressed once `awaited` stands there. */
async function onTerminal(desk: Desk, args: readonly string[], awaited?: string, key = ""): Promise<string> {
  await using terminal = new Terminal(desk);
  terminal.type(`${shellLine(args)}; echo status $?\n`);
  if (awaited !== undefined) await terminal.shows(`${awaited}\r\n`);
  terminal.type(key);
  return await terminal.shows(/status \d/);
}
