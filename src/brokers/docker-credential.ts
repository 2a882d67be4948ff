import { PosternError, problem } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Recorder } from "../vault/audit/audit.ts";
import type { Item } from "../vault/item.ts";
import { kinds } from "../vault/kinds/index.ts";
import { factOf } from "../vault/kinds/value.ts";
import { dockerKey, registryOf } from "../vault/registry.ts";
import type { Vault } from "../vault/vault.ts";

// Docker's tools know these answers by their very texts.
const notFound = "credentials not found in native keychain";
const noServer = "no credentials server URL";
const noUsername = "no credentials username";
/** What `docker login` meets that was given no user name, and so wants to keep tokens of its own beside the password. */
const notOne =
  "the server URL is not a registry's; postern keeps one password for each: give docker login a user name and an access token";

/** The four things that Docker's tools ask of a helper. */
export const dockerActions = ["get", "list", "store", "erase"] as const;
type DockerAction = (typeof dockerActions)[number];

/** What a helper answers: text for standard output, and whether its exit status is 0. */
export interface HelperAnswer {
  readonly ok: boolean;
  readonly text: Secret;
}

/** The protocol's own way to say no: the text is the whole answer. */
class Refusal extends Error {}

/**
 * Docker's credential-helper protocol (github.com/docker/docker-credential-helpers) in front of the vault's registry
 * credentials. An error is an answer too: Docker's tools read it from standard output.
 */
export class DockerCredentials {
  readonly #vault: Vault;
  readonly #record: Recorder;
  readonly #answers: Readonly<Record<DockerAction, (input: Secret) => Promise<string>>> = {
    get: async (input) => this.#get(serverIn(input)),
    list: async () => this.#list(),
    store: async (input) => this.#store(credentialsIn(input)),
    erase: async (input) => this.#erase(serverIn(input)),
  };

  constructor(vault: Vault, record: Recorder) {
    this.#vault = vault;
    this.#record = record;
  }

  async perform(action: DockerAction, input: Secret): Promise<HelperAnswer> {
    try {
      return { ok: true, text: new Secret(await this.#answers[action](input)) };
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, text: new Secret(error.message) };
      return answerOf(error);
    }
  }

  #get(server: string): string {
    const item = this.#itemFor(server);
    if (item === undefined) throw new Refusal(notFound);
    this.#record({ action: "docker-credential", item: item.name });
    return JSON.stringify({
      ServerURL: server,
      Username: factOf(item, "username"),
      Secret: kind.reveal(item).expose(),
    });
  }

  /** The user name at each registry that the vault has credentials for. */
  #list(): string {
    this.#record({ action: "list" });
    return JSON.stringify(
      Object.fromEntries(
        registryItems(this.#vault).map((item) => [
          dockerKey(factOf(item, "registry")),
          factOf(item, "username"),
        ]),
      ),
    );
  }

  /** Keeps what `docker login` was given: in the item of this registry, or in a new one. */
  async #store({ server, username, secret }: Credentials): Promise<string> {
    const registry = registryOf(server);
    if (registry === undefined) throw new Refusal(notOne);
    const old = this.#itemFor(server);
    const name = old?.name ?? this.#freeName(registry);
    const draft = await kind.accept(
      { name, source: "standard input", facts: { registry, username }, secrets: { password: secret } },
      new Date(),
    );
    if (old === undefined) await this.#vault.add(name, kind.name, draft);
    else await this.#vault.replace(name, draft);
    return "";
  }

  /** Nothing to remove is no error: `docker logout` asks for every spelling of a registry. */
  async #erase(server: string): Promise<string> {
    const item = this.#itemFor(server);
    if (item !== undefined) await this.#vault.remove(item.name);
    return "";
  }

  /** Throws `registry_ambiguous`: the protocol has no way to say which of several is meant. */
  #itemFor(server: string): Item | undefined {
    const registry = registryOf(server);
    if (registry === undefined) return undefined;
    const items = registryItems(this.#vault).filter((item) => factOf(item, "registry") === registry);
    if (items.length > 1)
      throw problem("registry_ambiguous", { registry, known: items.map(({ name }) => name) });
    return items[0];
  }

  /** A name that tells the registry, and that no item has. */
  #freeName(registry: string): string {
    const base = registry
      .replaceAll(/[^a-z0-9.]+/g, "-")
      .replace(/^-/, "")
      .slice(0, 60);
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? base : `${base}-${count}`;
      if (this.#vault.find(name) === undefined) return name;
    }
  }
}

const kind = kinds["registry-credentials"];

/** The vault's registry credentials. */
export const registryItems = (vault: Vault): readonly Item[] =>
  vault.items().filter((item) => item.kind === kind.name);

/** What an error is to Docker's tools: one line. */
export function answerOf(error: unknown): HelperAnswer {
  if (!(error instanceof PosternError)) throw error;
  const text = `${error.message} (${error.hint})`.replaceAll("\n", " ");
  return { ok: false, text: new Secret(text) };
}

interface Credentials {
  readonly server: string;
  readonly username: string;
  readonly secret: Secret;
}

function serverIn(input: Secret): string {
  const server = input.expose().trim();
  if (server === "") throw new Refusal(noServer);
  return server;
}

function credentialsIn(input: Secret): Credentials {
  const { ServerURL: server, Username: username, Secret: secret } = objectIn(input);
  if (typeof server !== "string" || server === "") throw new Refusal(noServer);
  if (typeof username !== "string" || username === "") throw new Refusal(noUsername);
  if (typeof secret !== "string") throw new Refusal("no credentials secret");
  return { server, username, secret: new Secret(secret) };
}

function objectIn(input: Secret): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(input.expose());
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // The parser's words would quote the secret.
  }
  throw new Refusal("standard input is not the JSON object that Docker hands to a helper");
}
