import { randomBytes } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";
import type { Demand } from "../../src/sandbox/demand.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/endpoint.ts";
import { models } from "../../src/sandbox/model.ts";
import { Secret } from "../../src/secret.ts";
import { issue, makeAuthority } from "../../src/vault/certificates/x509.ts";
import { kinds } from "../../src/vault/kinds/index.ts";
import { Folder } from "../support/folder.ts";
import {
  bearer,
  certificate,
  type EndpointSettings,
  type Gateway,
  type ItemInput,
  serverless,
  startGateway,
} from "../support/gateway.ts";

const dayMs = 86_400_000;
const someToken = (): string => randomBytes(24).toString("base64url");

/** What the endpoints demand, by their names. */
const demands: Readonly<Record<string, readonly Demand[]>> = {
  "private-2": ["certificate"],
  research: ["certificate", "bearer-token"],
  serverless: ["serverless-api-key"],
};
const [chatting, embedding] = models;

/** A gateway as somebody has it who has used it for a while: every kind of item, several endpoints, and traffic. */
export class Scene implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly #ends: (() => Promise<void> | void)[];

  private constructor(gateway: Gateway, ends: (() => Promise<void> | void)[]) {
    this.gateway = gateway;
    this.#ends = ends;
  }

  /** @param addresses `listen` and `admin`; without them ports that are free */
  static async start(addresses: Readonly<Record<string, string>> = {}): Promise<Scene> {
    const ends: (() => Promise<void> | void)[] = [];
    const endpoints: Record<string, EndpointSettings> = {};
    const items: Record<string, ItemInput> = {};
    const authorities: Record<string, string> = {};
    for (const [name, require] of Object.entries(demands)) {
      const folder = new Folder();
      ends.unshift(() => folder[Symbol.dispose]());
      const sandbox = await startSandbox({ require, folder: folder.path });
      ends.unshift(() => sandbox.stop());
      const its = itemsOf(name, sandbox);
      Object.assign(items, its);
      authorities[name] = sandbox.ca;
      endpoints[name] = endpointOf(name, sandbox, Object.keys(its));
    }
    const old = await oldCertificate();
    items["old-cert"] = certificate(old);
    // Nobody listens there: an endpoint that is down.
    endpoints["lab"] = { url: "https://127.0.0.1:9/v1", credentials: ["old-cert"], models: ["lab-model"] };
    const gateway = await startGateway({ ...addresses, endpoints }, items, (folder) => {
      for (const [name, ca] of Object.entries(authorities)) copyFileSync(ca, folder.file(authorityOf(name)));
    });
    ends.unshift(() => gateway[Symbol.asyncDispose]());
    const scene = new Scene(gateway, ends);
    await scene.#fillVault();
    return scene;
  }

  /** A fresh one-time link to the console. */
  async link(): Promise<string> {
    const answer = await fetch(`${this.gateway.app.admin}/api/v1/links`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.gateway.adminToken}` },
    });
    return ((await answer.json()) as { readonly url: string }).url;
  }

  /** Some requests of every sort: most succeed. */
  async stir(): Promise<void> {
    await Promise.all([this.#chats(), this.#others()]);
  }

  async #chats(): Promise<void> {
    for (const [endpoint, behaviour] of [
      ["private-2", "delay=90ms, pace=9ms, length=60"],
      ["research", "delay=160ms, pace=14ms, length=80"],
      ["serverless", "delay=60ms, pace=6ms, length=120"],
      ["private-2", "delay=210ms, pace=12ms, length=40"],
    ] as const)
      await this.ask(endpoint, {}, behaviour);
  }

  async #others(): Promise<void> {
    await this.ask("private-2", { model: embedding.id, input: "a small gate" }, "delay=20ms", "embeddings");
    await this.ask("research", { stream: false, stream_options: undefined }, "delay=300ms");
    await this.ask("private-2", {}, "fail=429");
    await this.ask("research", {}, "break-after=6");
    await this.ask("lab", { model: "lab-model" });
  }

  /** Streams that go on until `signal` aborts. */
  stream(count: number, signal: AbortSignal): void {
    for (let i = 0; i < count; i += 1)
      void this.ask(
        i % 2 === 0 ? "private-2" : "research",
        {},
        "pace=60ms, length=100000",
        undefined,
        signal,
      );
  }

  /** One request, read to its end; how it ends does not matter. */
  async ask(
    endpoint: string,
    body: Readonly<Record<string, unknown>> = {},
    behaviour = "",
    path = "chat/completions",
    signal?: AbortSignal,
  ): Promise<void> {
    const messages = [{ role: "user", content: "What is a postern?" }];
    try {
      const answer = await fetch(`${this.gateway.base}/${endpoint}/v1/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-sandbox": behaviour },
        body: JSON.stringify({
          model: chatting.id,
          stream: true,
          stream_options: { include_usage: true },
          messages,
          ...body,
        }),
        ...(signal !== undefined && { signal }),
      });
      await answer.text();
    } catch {
      // Broken off, as was asked for.
    }
  }

  /** What no endpoint takes. */
  async #fillVault(): Promise<void> {
    const { vault } = this.gateway;
    const put = async (name: string, kind: keyof typeof kinds, value: string, facts = {}): Promise<void> => {
      const field = kinds[kind].fields.find(({ secret }) => secret)?.name ?? "value";
      const draft = await kinds[kind].accept(
        { name, source: "a scene", facts, secrets: { [field]: new Secret(value) } },
        new Date(),
      );
      await vault.add(name, kind, draft);
    };
    await put("team-token", "bearer-token", someToken());
    await put("nvcr", "registry-credentials", someToken(), {
      image: "nvcr.io/nim/meta/llama-3.1-8b-instruct",
    });
    await put("HF_HOME", "environment-variable", "/models/hub");
    await put("LOG_LEVEL", "environment-variable", "warning");
    await put("hub", "hugging-face-token", `hf_${someToken()}`);
    const key = await kinds["ssh-key"].generate?.({ name: "compute", now: new Date() });
    if (key !== undefined) await vault.add("compute", "ssh-key", key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end();
  }
}

/** The items that open a sandbox. */
function itemsOf(name: string, sandbox: Sandbox): Record<string, ItemInput> {
  const { certificate, bearerTokenFile, serverlessApiKeyFile } = sandbox;
  const read = (file: string): string => readFileSync(file, "utf8").trim();
  return {
    ...(certificate !== undefined && {
      [name === "private-2" ? "gen-cert" : `${name}-cert`]: { kind: "certificate", value: read(certificate) },
    }),
    ...(bearerTokenFile !== undefined && { [`${name}-token`]: bearer(read(bearerTokenFile)) }),
    ...(serverlessApiKeyFile !== undefined && { "my-key": serverless(read(serverlessApiKeyFile)) }),
  };
}

/** The file of an endpoint's CA, beside the configuration. */
const authorityOf = (name: string): string => `${name}-ca.pem`;

const endpointOf = (name: string, { url }: Sandbox, credentials: readonly string[]): EndpointSettings => ({
  url,
  ca: authorityOf(name),
  credentials,
  ...(name === "private-2"
    ? { models: [chatting.id, embedding.id] }
    : { models: [], aliases: { [`llama-${name}`]: chatting.id } }),
  ...(name === "serverless" && { type: "serverless" }),
});

/** A certificate that ends within days. */
async function oldCertificate() {
  const notBefore = new Date(Date.now() - 80 * dayMs);
  const authority = await makeAuthority({ commonName: "ca.old-cert.test", notBefore, validDays: 400 });
  return issue(authority, {
    commonName: "client.old-cert.test",
    usage: "platform",
    notBefore,
    validDays: 89,
  });
}
