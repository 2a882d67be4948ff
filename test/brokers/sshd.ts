import { createServer } from "node:net";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { Program } from "../support/process.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { tool } from "../vault/desk.ts";

/** A real sshd on a loopback port, for the user of the tests, with a host key of its own. */
export class Sshd implements AsyncDisposable {
  readonly #folder: Folder;
  readonly #program: Program;
  readonly #port: number;

  private constructor(folder: Folder, program: Program, port: number) {
    [this.#folder, this.#program, this.#port] = [folder, program, port];
  }

  /** Starts it for these public keys, each a line as in `authorized_keys`. */
  static async start(authorizedKeys: readonly string[]): Promise<Sshd> {
    const folder = new Folder();
    // Where sshd, as root, confines what it has not authenticated yet.
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
    tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder.file("host")]);
    const port = await freePort();
    const config = [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${folder.file("host")}`,
      `AuthorizedKeysFile ${folder.write("authorized_keys", authorizedKeys.join("\n"))}`,
      "AuthenticationMethods publickey",
      "PermitRootLogin prohibit-password",
      "MaxStartups 100",
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
    ];
    const file = folder.write("sshd_config", config.join("\n"));
    const program = new Program("/usr/sbin/sshd", ["-D", "-e", "-f", file]);
    const sshd = new Sshd(folder, program, port);
    await eventually(() => {
      if (program.child.exitCode !== null) throw new Error(program.stderr);
      if (!program.stderr.includes("Server listening")) throw new Error("sshd does not listen yet");
    });
    return sshd;
  }

  /** What `ssh` takes to log in here with whatever the agent offers and no other key, and to run this command. */
  login(command: string, ...options: readonly string[]): readonly string[] {
    const always = [
      "BatchMode=yes",
      "StrictHostKeyChecking=no",
      `UserKnownHostsFile=${this.#folder.file("known_hosts")}`,
      "PreferredAuthentications=publickey",
      ...options,
    ];
    const target = ["-p", String(this.#port), `${userInfo().username}@127.0.0.1`];
    return ["-F", "none", ...always.flatMap((option) => ["-o", option]), ...target, command];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop("SIGTERM");
    this.#folder[Symbol.dispose]();
  }
}

/** sshd cannot be asked which port it was given. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
