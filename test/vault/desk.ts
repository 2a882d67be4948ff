import { spawnSync } from "node:child_process";
import { PassThrough } from "node:stream";
import type { Io } from "../../src/cli/io.ts";
import { run } from "../../src/cli/run.ts";
import { type Identity, readIdentity } from "../../src/vault/identity/identity.ts";
import { createVault, openVault, type Vault } from "../../src/vault/vault.ts";
import { Folder } from "../support/folder.ts";
import { unending } from "../support/unending.ts";

/** How a command ended, and what it wrote. */
interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Sitting {
  /** What is typed or piped in. */
  readonly stdin?: string;
  /** Whether standard input and standard error are a terminal. */
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder with a configuration, an identity and a vault, and the command line in front of it. */
export class Desk implements Disposable {
  readonly folder = new Folder();
  readonly vaultFile = this.folder.file("vault.age");
  readonly identityFile = this.folder.file("identity.txt");
  readonly markFile = this.folder.file("vault.age.mark");

  static async make(): Promise<Desk> {
    const desk = new Desk();
    await createVault({ file: desk.vaultFile, identity: desk.identityFile });
    desk.configure("gen-cert");
    return desk;
  }

  /** Writes a configuration with one endpoint that uses this item. */
  configure(item: string): void {
    this.folder.write(
      "postern.yaml",
      [
        "vault: file:vault.age",
        "identity: file:identity.txt",
        "endpoints:",
        "  private-2:",
        "    url: https://private-2.test/openai/v1",
        `    credentials: [${item}]`,
        "",
      ].join("\n"),
    );
  }

  open(): Promise<Vault> {
    return openVault({ file: this.vaultFile, identity: this.identityFile });
  }

  /** The identity that lies in its file, open. */
  identity(): Promise<Identity> {
    return readIdentity({ file: this.identityFile, passphrase: { prompt: true } }, { env: {} });
  }

  /** Runs `postern vault …`. */
  vault(args: readonly string[], sitting: Sitting = {}): Promise<Said> {
    return this.postern(["vault", ...args], sitting);
  }

  /** Runs any command. */
  async postern(args: readonly string[], sitting: Sitting = {}): Promise<Said> {
    const stdin = Object.assign(new PassThrough(), { isTTY: sitting.terminal === true });
    const [stdout, stderr] = [
      new PassThrough(),
      Object.assign(new PassThrough(), { isTTY: sitting.terminal === true }),
    ];
    const io: Io = {
      stdin,
      stdout,
      stderr,
      env: { POSTERN_CONFIG: this.folder.file("postern.yaml"), HOME: this.folder.path, ...sitting.env },
      cwd: this.folder.path,
      ...unending(),
    };
    if (sitting.terminal === true) stdin.write(sitting.stdin ?? "");
    else stdin.end(sitting.stdin ?? "");
    const status = await run([...args], io);
    return { status, stdout: text(stdout), stderr: text(stderr) };
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** All that was written to it. */
function text(stream: PassThrough): string {
  const chunks: Buffer[] = [];
  for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null)
    chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Runs a program and returns what it wrote; throws with its standard error when it fails. */
export function tool(
  program: string,
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { ...options, encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
