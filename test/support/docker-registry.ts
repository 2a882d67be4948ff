import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { tool } from "../vault/desk.ts";
import { eventually } from "./eventually.ts";
import { Folder } from "./folder.ts";
import { freePort } from "./openssl-server.ts";
import { Program } from "./process.ts";

/** Debian's docker-registry on loopback, that takes one user. */
export class DockerRegistry implements AsyncDisposable {
  /** "127.0.0.1:5000". */
  readonly host: string;
  readonly #program: Program;
  readonly #folder: Folder;

  private constructor(host: string, program: Program, folder: Folder) {
    this.host = host;
    this.#program = program;
    this.#folder = folder;
  }

  static async start(username: string, password: string): Promise<DockerRegistry> {
    const folder = new Folder();
    const host = `127.0.0.1:${await freePort()}`;
    folder.write("htpasswd", `${username}:${bcrypt(password)}\n`);
    const config = {
      version: 0.1,
      log: { accesslog: { disabled: true }, level: "error" },
      storage: { filesystem: { rootdirectory: join(folder.path, "data") } },
      http: { addr: host, secret: randomBytes(16).toString("hex") },
      auth: { htpasswd: { realm: "test", path: folder.file("htpasswd") } },
    };
    const program = new Program("docker-registry", [
      "serve",
      folder.write("config.yml", JSON.stringify(config)),
    ]);
    const registry = new DockerRegistry(host, program, folder);
    await eventually(() => fetch(`http://${host}/v2/`));
    return registry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** What htpasswd -B writes; the C library's crypt(3) knows it, and perl reaches that. */
function bcrypt(password: string): string {
  const salt = randomBytes(11).toString("hex");
  return tool("perl", ["-e", "chomp(my $p = <STDIN>); print crypt($p, $ARGV[0])", `$2y$05$${salt}`], {
    input: `${password}\n`,
  });
}
