import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { type Ended, type Program, postern } from "../support/process.ts";
import { Desk } from "../vault/desk.ts";

/** The types of key that can be generated, each with its name in SSH. */
export const sshTypes = [
  ["Ed25519", "ssh-ed25519"],
  ["P-256", "ecdsa-sha2-nistp256"],
  ["P-384", "ecdsa-sha2-nistp384"],
  ["P-521", "ecdsa-sha2-nistp521"],
  ["RSA-3072", "ssh-rsa"],
] as const;

/** A vault, and `postern ssh-agent` in front of it. */
export class SshStage implements AsyncDisposable {
  readonly desk: Desk;
  readonly agent: Program;
  readonly socket: string;

  private constructor(desk: Desk, agent: Program, socket: string) {
    [this.desk, this.agent, this.socket] = [desk, agent, socket];
  }

  /** Starts the agent for the keys that `fill` puts into a vault. */
  static async start(fill: (desk: Desk) => Promise<void>): Promise<SshStage> {
    const desk = await Desk.make();
    await fill(desk);
    const socket = desk.folder.file("agent.sock");
    const agent = postern(["ssh-agent", "--socket", socket, "--config", desk.folder.file("postern.yaml")]);
    await agent.firstLine();
    return new SshStage(desk, agent, socket);
  }

  /** Runs a program that finds the agent. */
  run(program: string, args: readonly string[], stdin = ""): Promise<Ended> {
    return run(program, args, { socket: this.socket, cwd: this.desk.folder.path, stdin });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    this.desk[Symbol.dispose]();
  }
}

/** Runs a program that finds an agent on this socket, and waits for its end. */
export async function run(
  program: string,
  args: readonly string[],
  o: { readonly socket: string; readonly cwd: string; readonly stdin?: string },
): Promise<Ended> {
  const child = spawn(program, args, {
    cwd: o.cwd,
    env: { PATH: process.env["PATH"], HOME: o.cwd, SSH_AUTH_SOCK: o.socket },
  });
  child.stdin.on("error", () => {}).end(o.stdin ?? "");
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await ended, stdout, stderr };
}

/** Adds a generated key of each type, named after it in lower case: "ed25519", "p-256". */
export async function addEachType(desk: Desk): Promise<void> {
  for (const [type] of sshTypes) await addGenerated(desk, type.toLowerCase(), type);
}

export async function addGenerated(desk: Desk, name: string, type: string): Promise<void> {
  const said = await desk.vault(["add", "ssh-key", name, "--generate", "--key-type", type]);
  if (said.status !== 0) throw new Error(said.stderr);
}
