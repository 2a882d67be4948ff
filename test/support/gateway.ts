import { readFileSync, writeFileSync } from "node:fs";
import { Writable } from "node:stream";
import { stringify } from "yaml";
import { type RunningApp, startApp } from "../../src/app.ts";
import { Secret } from "../../src/secret.ts";
import type { Issued } from "../../src/vault/certificates/x509.ts";
import { kinds } from "../../src/vault/kinds/index.ts";
import type { Draft, KindName } from "../../src/vault/item.ts";
import { createVault, type Vault } from "../../src/vault/vault.ts";
import { ask, type Ask, type Answer } from "./client.ts";
import { eventually } from "./eventually.ts";
import { Folder } from "./folder.ts";
import { pemOf } from "./pki.ts";

/** What `postern.yaml` says, as data. */
export type Settings = Readonly<Record<string, unknown>> & {
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
};

export type EndpointSettings = Readonly<Record<string, unknown>> & {
  readonly url: string;
  readonly credentials: readonly string[];
};

/** An item to put in the vault before the start. */
export interface ItemInput {
  readonly kind: KindName;
  readonly value: string;
  readonly facts?: Readonly<Record<string, string>>;
  /** The time at which it is accepted, for certificates that have expired since. */
  readonly accepted?: Date;
}

export const bearer = (value: string): ItemInput => ({ kind: "bearer-token", value });
export const serverless = (value: string): ItemInput => ({ kind: "serverless-api-key", value });
export const certificate = (issued: Issued, accepted?: Date): ItemInput => ({
  kind: "certificate",
  value: pemOf(issued),
  ...(accepted !== undefined && { accepted }),
});

async function draftOf(name: string, input: ItemInput): Promise<Draft> {
  const kind = kinds[input.kind];
  const field = kind.fields.find(({ secret }) => secret);
  if (field === undefined) throw new Error(`${kind.name} has no secret field`);
  return kind.accept(
    { name, source: "a test", facts: input.facts ?? {}, secrets: { [field.name]: new Secret(input.value) } },
    input.accepted ?? new Date(),
  );
}

/** Puts an item in a vault as `vault add` does. */
export async function put(vault: Vault, name: string, input: ItemInput): Promise<void> {
  await vault.add(name, input.kind, await draftOf(name, input));
}

/** Gives an item another value in one write, as `vault rotate` does. */
export async function rotate(vault: Vault, name: string, input: ItemInput): Promise<void> {
  await vault.replace(name, await draftOf(name, input));
}

/** Keeps what is written to it. */
export class Sink extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  /** The complete lines, each parsed as JSON. */
  lines(): readonly Readonly<Record<string, unknown>>[] {
    return this.text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** A gateway of its own folder, vault and configuration, on free ports of the loopback. */
export class Gateway implements AsyncDisposable {
  readonly folder: Folder;
  readonly vault: Vault;
  readonly app: RunningApp;
  readonly log: Sink;
  readonly file: string;

  constructor(folder: Folder, vault: Vault, app: RunningApp, log: Sink) {
    this.folder = folder;
    this.vault = vault;
    this.app = app;
    this.log = log;
    this.file = folder.file("postern.yaml");
  }

  /** The base URL of the first listener. */
  get base(): string {
    return this.app.listen[0] ?? "";
  }

  ask(what: Ask | string): Promise<Answer> {
    return ask(this.base, what);
  }

  /** What programs bring to the API of the admin listener. */
  get adminToken(): string {
    return readFileSync(this.folder.file("admin-token"), "utf8").trim();
  }

  /** A page of the admin listener. */
  admin(target: string, headers: readonly string[] = []): Promise<Answer> {
    return ask(this.app.admin, { target, headers });
  }

  /** Writes another configuration; it is in force when the gateway has read it again. */
  write(settings: Settings | string): void {
    writeFileSync(this.file, typeof settings === "string" ? settings : textOf(settings));
  }

  /** The log lines that tell how a request ended, in their order. */
  requests(): readonly Readonly<Record<string, unknown>>[] {
    return this.log.lines().filter((line) => "outcome" in line);
  }

  /** Waits until so many requests have ended, and returns their log lines. */
  ended(count: number): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return eventually(() => {
      const lines = this.requests();
      if (lines.length < count) throw new Error(`${lines.length} of ${count} requests have ended`);
      return lines;
    });
  }

  /** The sum of a metric's samples; those whose labels contain `labels`, where given. */
  async metric(name: string, labels = ""): Promise<number> {
    return sumIn((await this.admin("/metrics")).text, name, labels);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A test that has stopped it already has seen its metrics before.
    const metrics = await this.admin("/metrics").then(
      ({ text }) => text,
      () => "",
    );
    await this.app.stop();
    // Every test of a gateway is also one of its silence.
    for (const { name, secrets } of this.vault.items())
      for (const secret of Object.values(secrets))
        for (const [where, said] of Object.entries({ log: this.log.text, metrics }))
          if (said.includes(secret.expose())) throw new Error(`the ${where} shows a secret of "${name}"`);
    this.folder[Symbol.dispose]();
  }
}

/** The sum of a metric's samples on a page of metrics; those whose labels contain `labels`, where given. */
export const sumIn = (page: string, name: string, labels = ""): number =>
  page
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);

/** The text of a `postern.yaml` that listens on free ports of the loopback. */
export const textOf = (settings: Settings): string =>
  stringify({ listen: ["127.0.0.1:0"], admin: "127.0.0.1:0", ...settings });

/**
 * Starts a gateway in this process. `settings` may refer to files of its folder, which `prepare` writes.
 */
export async function startGateway(
  settings: Settings,
  items: Readonly<Record<string, ItemInput>>,
  prepare: (folder: Folder) => void = () => {},
): Promise<Gateway> {
  const folder = new Folder();
  try {
    prepare(folder);
    const vault = await createVault({
      file: folder.file("vault.age"),
      identity: folder.file("identity.txt"),
    });
    for (const [name, input] of Object.entries(items)) await put(vault, name, input);
    const file = folder.file("postern.yaml");
    writeFileSync(file, textOf(settings));
    const log = new Sink();
    return new Gateway(folder, vault, await startApp({ configFile: file, logTo: log }), log);
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}
