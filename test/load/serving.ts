import { createVault, type Vault } from "../../src/vault/vault.ts";
import { type Answer, ask } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { bearer, certificate, put, type Settings, sumIn, textOf } from "../support/gateway.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { postern, type Program, type Ready, readyLine } from "../support/process.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

/** A token that can be told from others by its number; the vault begins with number 0. */
export const tokenOf = (number: number): string => `canary-load-4c1d-${number}`;

/** What a gateway needs before it runs: an endpoint, and a vault with a certificate and a token for it. */
export class Stage implements AsyncDisposable {
  readonly folder: Folder;
  readonly pki: Pki;
  readonly upstream: Upstream;
  readonly vault: Vault;

  private constructor(folder: Folder, pki: Pki, upstream: Upstream, vault: Vault) {
    this.folder = folder;
    this.pki = pki;
    this.upstream = upstream;
    this.vault = vault;
  }

  static async set(): Promise<Stage> {
    const folder = new Folder();
    const pki = await makePki();
    folder.write("server-ca.pem", pki.serverCa.certificate);
    const places = { file: folder.file("vault.age"), identity: folder.file("identity.txt") };
    const vault = await createVault(places);
    await put(vault, "gen-cert", certificate(pki.client));
    await put(vault, "team-token", bearer(tokenOf(0)));
    return new Stage(folder, pki, await startUpstream(demanding(pki)), vault);
  }

  /** A configuration whose endpoints, by these names, are all the same one; its own files may lie anywhere. */
  settings(more: Readonly<Record<string, unknown>> = {}, names: readonly string[] = ["private"]): Settings {
    const endpoint = {
      url: `${this.upstream.origin}/v1`,
      credentials: ["gen-cert", "team-token"],
      ca: this.folder.file("server-ca.pem"),
    };
    return {
      vault: `file:${this.folder.file("vault.age")}`,
      identity: `file:${this.folder.file("identity.txt")}`,
      audit: { to: "off" },
      ...more,
      endpoints: Object.fromEntries(names.map((name) => [name, endpoint])),
    };
  }

  /** Serves this configuration; without a word, the plain one. */
  serve(
    configFile = this.folder.write("postern.yaml", textOf(this.settings())),
    env: NodeJS.ProcessEnv = {},
  ): Promise<Serving> {
    return Serving.start(configFile, env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.upstream.stop();
    this.folder[Symbol.dispose]();
  }
}

/** `postern serve` as a process of its own: what is measured of it shares no thread with the test. */
export class Serving implements AsyncDisposable {
  readonly program: Program;
  readonly #ready: Ready;

  private constructor(program: Program, ready: Ready) {
    this.program = program;
    this.#ready = ready;
  }

  static async start(configFile: string, env: NodeJS.ProcessEnv): Promise<Serving> {
    const program = postern(["serve", "--config", configFile], { env });
    return new Serving(program, await readyLine(program));
  }

  get base(): string {
    return this.#ready.listen[0] ?? "";
  }

  get adminBase(): string {
    return this.#ready.admin;
  }

  get pid(): number {
    return this.#ready.pid;
  }

  /** A page of the admin listener. */
  admin(target: string): Promise<Answer> {
    return ask(this.#ready.admin, { target });
  }

  /** The sum of a metric's samples; those whose labels contain `labels`, where given. */
  async metric(name: string, labels = ""): Promise<number> {
    return sumIn((await this.admin("/metrics")).text, name, labels);
  }

  /** What it has logged since the last time; whole lines. */
  takeLog(): string {
    const { stderr } = this.program;
    const end = stderr.lastIndexOf("\n") + 1;
    this.program.stderr = stderr.slice(end);
    return stderr.slice(0, end);
  }

  /** Asks it to end and returns the log lines of the requests that it has served, by how they ended. */
  async stop(): Promise<Readonly<Record<string, number>>> {
    const { status, stderr } = await this.program.stop();
    if (status !== 0) throw new Error(`it ended with ${status}: ${stderr.slice(-2_000)}`);
    const outcomes: Record<string, number> = {};
    for (const line of stderr.split("\n")) {
      const outcome = /"outcome":"([^"]+)"/.exec(line)?.[1];
      if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    return outcomes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
