import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Ended, postern, Program } from "../support/process.ts";
import { Desk } from "../vault/desk.ts";
import { addGenerated, run } from "./ssh-stage.ts";

const root = join(import.meta.dirname, "../..");

/** A vault with a key "plain" and one, "careful", that wants to be confirmed, and an agent on a terminal of its own. */
class Terminal implements AsyncDisposable {
  readonly desk: Desk;
  readonly agent: Program;

  private constructor(desk: Desk, agent: Program) {
    [this.desk, this.agent] = [desk, agent];
  }

  static async start(...options: readonly string[]): Promise<Terminal> {
    const desk = await deskWithKeys();
    const args = ["ssh-agent", "--socket", desk.folder.file("agent.sock"), ...options];
    const command = [join(root, "bin/postern"), ...args, "--config", desk.folder.file("postern.yaml")];
    const agent = new Program("script", ["-qefc", command.join(" "), "/dev/null"]);
    const terminal = new Terminal(desk, agent);
    await terminal.shows("SSH_AUTH_SOCK=");
    return terminal;
  }

  /** Waits until this is to be seen. */
  shows(text: string | RegExp): Promise<void> {
    return eventually(() => {
      if (this.agent.child.exitCode !== null) throw new Error(`it has ended: ${this.agent.stdout}`);
      expect(this.agent.stdout).toMatch(text);
    });
  }

  type(text: string): void {
    this.agent.child.stdin?.write(text);
  }

  sign(name: string): Promise<Ended> {
    return sign(this.desk, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    this.desk[Symbol.dispose]();
  }
}

async function deskWithKeys(): Promise<Desk> {
  const desk = await Desk.make();
  await addGenerated(desk, "plain", "Ed25519");
  await desk.vault(["add", "ssh-key", "careful", "--generate", "--confirm", "always"]);
  for (const name of ["plain", "careful"]) await desk.vault(["download", name]);
  return desk;
}

/** Has ssh-keygen sign a text with the key of this item. */
const sign = (desk: Desk, name: string): Promise<Ended> =>
  run("ssh-keygen", ["-Y", "sign", "-f", desk.folder.file(`${name}.pub`), "-n", "git"], {
    socket: desk.folder.file("agent.sock"),
    cwd: desk.folder.path,
    stdin: "a text",
  });

const signed = { status: 0, stdout: expect.stringContaining("BEGIN SSH SIGNATURE") };
const notSigned = { status: 255, stdout: "", stderr: expect.stringContaining("refused operation") };

describe("with --confirm", () => {
  test("a key signs after yes, and the question names the item, its fingerprint and the purpose", async () => {
    await using terminal = await Terminal.start("--confirm");
    const { facts } = (await terminal.desk.open()).get("plain");
    const signing = terminal.sign("plain");
    await terminal.shows(
      `A program wants the SSH key "plain" (${facts["fingerprint"]}) to sign something of the namespace "git".`,
    );
    terminal.type("yes\r");
    expect(await signing).toMatchObject(signed);
  });

  test.each(["no\r", "\r", "y\r", "yes please\r"])("a key does not sign after %j", async (answer) => {
    await using terminal = await Terminal.start("--confirm");
    const signing = terminal.sign("plain");
    await terminal.shows("yes or no: ");
    terminal.type(answer);
    expect(await signing).toMatchObject(notSigned);
  });

  test("what was typed before the question does not answer it", async () => {
    await using terminal = await Terminal.start("--confirm");
    terminal.type("yes\ryes");
    await terminal.shows(/yes[^]+yes/);
    const signing = terminal.sign("plain");
    await terminal.shows("yes or no: ");
    terminal.type("\r");
    expect(await signing).toMatchObject(notSigned);
  });

  test("questions come one after the other, and each answer belongs to its own", async () => {
    await using terminal = await Terminal.start("--confirm");
    const first = terminal.sign("plain");
    await terminal.shows('SSH key "plain"');
    const second = terminal.sign("careful");
    terminal.type("yes\r");
    expect(await first).toMatchObject(signed);
    await terminal.shows('SSH key "careful"');
    terminal.type("no\r");
    expect(await second).toMatchObject(notSigned);
  });

  test("a question whose program has gone is withdrawn, and the next one is asked", async () => {
    await using terminal = await Terminal.start("--confirm");
    const { folder } = terminal.desk;
    const impatient = spawn("ssh-keygen", ["-Y", "sign", "-f", folder.file("careful.pub"), "-n", "git"], {
      env: { ...process.env, SSH_AUTH_SOCK: folder.file("agent.sock") },
    });
    impatient.stdin.end("a text");
    await terminal.shows('SSH key "careful"');
    impatient.kill("SIGKILL");
    await once(impatient, "close");
    await terminal.shows("does not wait any longer");
    const signing = terminal.sign("plain");
    await terminal.shows('SSH key "plain"');
    terminal.type("yes\r");
    expect(await signing).toMatchObject(signed);
  });

  test("a key that is removed while its question stands does not sign", async () => {
    await using terminal = await Terminal.start("--confirm");
    const signing = terminal.sign("plain");
    await terminal.shows("yes or no: ");
    await terminal.desk.vault(["remove", "plain", "--yes"]);
    const socket = terminal.desk.folder.file("agent.sock");
    await eventually(async () => {
      const { stdout } = await run("ssh-add", ["-l"], { socket, cwd: terminal.desk.folder.path });
      expect(stdout).not.toContain("plain");
    });
    terminal.type("yes\r");
    expect(await signing).toMatchObject(notSigned);
  });

  test.each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("%s at a question ends the agent, and the socket is removed", async (_key, typed) => {
    await using terminal = await Terminal.start("--confirm");
    const signing = terminal.sign("plain");
    await terminal.shows("yes or no: ");
    terminal.type(typed);
    expect(await signing).toMatchObject({ status: 255, stdout: "" });
    await once(terminal.agent.child, "close");
    expect(terminal.agent.child.exitCode).toBe(0);
    expect(() => lstatSync(terminal.desk.folder.file("agent.sock"))).toThrow("ENOENT");
  });
});

describe("without --confirm", () => {
  test("a key that wants it is asked for, and the others are not", async () => {
    await using terminal = await Terminal.start();
    const signing = terminal.sign("careful");
    await terminal.shows('SSH key "careful"');
    // The question does not hold up who needs no answer.
    expect(await terminal.sign("plain")).toMatchObject(signed);
    terminal.type("yes\r");
    expect(await signing).toMatchObject(signed);
  });

  test("a key that wants it does not sign where nobody can be asked, and the agent says why", async () => {
    using desk = await deskWithKeys();
    const socket = desk.folder.file("agent.sock");
    await using agent = postern([
      "ssh-agent",
      "--socket",
      socket,
      "--config",
      desk.folder.file("postern.yaml"),
    ]);
    await agent.firstLine();
    expect(await sign(desk, "careful")).toMatchObject(notSigned);
    expect(await sign(desk, "plain")).toMatchObject(signed);
    expect(await agent.stop()).toMatchObject({
      stderr: expect.stringContaining('the SSH key "careful" is used only when somebody confirms it'),
    });
  });
});

test("--confirm is refused where there is no terminal", async () => {
  using desk = await Desk.make();
  const args = ["ssh-agent", "--confirm", "--config", desk.folder.file("postern.yaml")];
  expect(await postern(args).ended()).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringContaining("--confirm asks on the terminal, and there is none"),
  });
});

test.each([["yes"], ["Always"]])("an item's --confirm %s is refused with the way out", async (value) => {
  using desk = await Desk.make();
  const said = await desk.vault(["add", "ssh-key", "key", "--generate", "--confirm", value]);
  expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("hint: say --confirm always") });
});
