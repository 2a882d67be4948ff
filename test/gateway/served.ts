import { expect } from "vitest";
import { createVault } from "../../src/vault/vault.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { certificate, type EndpointSettings, put, textOf } from "../support/gateway.ts";
import type { Pki } from "../support/pki.ts";
import { Program, type Ready, readyLine } from "../support/process.ts";
import type { Upstream } from "../support/upstream.ts";

/** What `postern.yaml` says beside its endpoints. */
type More = Readonly<Record<string, unknown>>;

/** `postern serve` in front of a private endpoint, in a process group of its own. */
export class Served implements AsyncDisposable {
  readonly folder: Folder;
  readonly program: Program;
  readonly ready: Ready;
  readonly #endpoint: EndpointSettings;

  private constructor(folder: Folder, program: Program, ready: Ready, endpoint: EndpointSettings) {
    this.folder = folder;
    this.program = program;
    this.ready = ready;
    this.#endpoint = endpoint;
  }

  /** Its only endpoint is named `private`. */
  static async start({ origin }: Upstream, pki: Pki, more: More): Promise<Served> {
    const folder = new Folder();
    const vault = await createVault({
      file: folder.file("vault.age"),
      identity: folder.file("identity.txt"),
    });
    await put(vault, "gen-cert", certificate(pki.client));
    folder.write("server-ca.pem", pki.serverCa.certificate);
    const endpoint = { url: `${origin}/v1`, credentials: ["gen-cert"], ca: "server-ca.pem" };
    const config = folder.write("postern.yaml", textOf({ ...more, endpoints: { private: endpoint } }));
    const program = new Program("setsid", ["bin/postern", "serve", "--config", config]);
    return new Served(folder, program, await readyLine(program), endpoint);
  }

  get base(): string {
    return this.ready.listen[0] ?? "";
  }

  /** Writes another configuration, in which the endpoint may have another name. */
  write(more: More, name = "private"): void {
    this.folder.write("postern.yaml", textOf({ ...more, endpoints: { [name]: this.#endpoint } }));
  }

  /** Sends its process a signal; with `group`, all of its processes. */
  signal(signal: NodeJS.Signals, group = false): void {
    process.kill(group ? -this.program.pid : this.program.pid, signal);
  }

  /** Waits for its end, and for that of its workers. */
  async over(workers: readonly number[]): Promise<number | null> {
    const { status } = await this.program.ended();
    await eventually(() => {
      for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow();
    });
    return status;
  }

  /** The lines of its log. */
  lines(): readonly Readonly<Record<string, unknown>>[] {
    const lines = this.program.stderr.split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}
