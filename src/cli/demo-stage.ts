import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { stringify } from "yaml";
import { startApp } from "../app.ts";
import { type Sandbox, startSandbox } from "../sandbox/endpoint.ts";
import { models } from "../sandbox/model.ts";
import { Secret } from "../secret.ts";
import { kinds } from "../vault/kinds/index.ts";
import { createVault, type Vault } from "../vault/vault.ts";

/** The vault item that the demo's endpoint takes. */
export const item = "gen-cert";

/** The model that the demo asks. */
export const model = models[0].id;

/** Everything that the demo runs. */
export interface Stage extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly vault: Vault;
  /** Base URLs: the gateway's with `/v1`. */
  readonly gateway: string;
  readonly admin: string;
  /** Paths of the configuration and of the admin token. */
  readonly config: string;
  readonly adminToken: string;
  /** Path of the gateway's log. */
  readonly log: string;
}

/** Starts an endpoint, fills a vault and starts the gateway, each as a person would with the commands. */
export async function setStage(folder: string): Promise<Stage> {
  const ends: (() => Promise<unknown>)[] = [];
  const dispose = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const sandbox = await startSandbox({ require: ["certificate"], folder: join(folder, "sandbox") });
    ends.push(() => sandbox.stop());
    const vault = await createVault({
      file: join(folder, "vault.age"),
      identity: join(folder, "identity.txt"),
    });
    await moveIntoVault(vault, sandbox.certificate ?? "");
    const configFile = join(folder, "postern.yaml");
    await writeFile(configFile, configuration(sandbox), { mode: 0o600 });
    const log = join(folder, "gateway.log");
    const logTo = createWriteStream(log, { mode: 0o600 });
    await once(logTo, "open");
    ends.push(() => finished(logTo.end()));
    const app = await startApp({ configFile, logTo });
    ends.push(() => app.stop());
    const gateway = `${app.listen[0] ?? ""}/v1`;
    return {
      sandbox,
      vault,
      gateway,
      admin: app.admin,
      config: configFile,
      adminToken: join(folder, "admin-token"),
      log,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** From here on the vault alone has the certificate. */
async function moveIntoVault(vault: Vault, file: string): Promise<void> {
  const secrets = { pem: new Secret(await readFile(file, "utf8")) };
  const draft = await kinds.certificate.accept({ name: item, source: file, facts: {}, secrets }, new Date());
  await vault.add(item, "certificate", draft);
  await rm(file);
}

const configuration = ({ url, ca }: Sandbox): string =>
  stringify({
    listen: ["127.0.0.1:0"],
    admin: "127.0.0.1:0",
    vault: "file:vault.age",
    identity: "file:identity.txt",
    endpoints: { private: { url, ca, credentials: [item], models: models.map(({ id }) => id) } },
  });
