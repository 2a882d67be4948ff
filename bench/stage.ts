import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Issued, issue, makeAuthority } from "../src/vault/certificates/x509.ts";
import { serverName } from "./load/target.ts";
import type { UpstreamPorts, UpstreamSetting } from "./upstream/main.ts";

const dayMs = 86_400_000;

/** What every contender stands on: the upstream, and the files of a temporary folder that is removed at the end. */
export interface Stage extends AsyncDisposable {
  readonly upstream: UpstreamPorts;
  /** The token that the upstream demands of every request, beside the client certificate. */
  readonly bearer: string;
  /** PEM texts. */
  readonly ca: string;
  readonly client: Issued;
  /** The same texts as files; `pem` holds the key and the certificate. */
  readonly files: {
    readonly ca: string;
    readonly certificate: string;
    readonly key: string;
    readonly pem: string;
  };
  /** The path of a file in the folder. */
  readonly file: (name: string) => string;
}

/** Makes certificates and folder for this run, and starts the upstream. */
export async function setStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "postern-bench-"));
  // Also when a signal ends the run: keys lie in it.
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  const file = (name: string): string => join(folder, name);
  const bearer = "bench-canary-bearer-5e1f09";
  const valid = { notBefore: new Date(Date.now() - dayMs), validDays: 30, keyType: "P-256" } as const;
  const serverCa = await makeAuthority({ commonName: "ca.server.bench", ...valid });
  const clientCa = await makeAuthority({ commonName: "ca.client.bench", ...valid });
  const names = [serverName, "127.0.0.1"];
  const server = await issue(serverCa, { commonName: serverName, usage: "server", names, ...valid });
  const client = await issue(clientCa, { commonName: "client.bench", usage: "platform", ...valid });

  const files = {
    ca: file("server-ca.pem"),
    certificate: file("client.crt"),
    key: file("client.key"),
    pem: file("client.pem"),
  };
  const key = client.key.expose();
  const write = (path: string, text: string): Promise<void> => writeFile(path, text, { mode: 0o600 });
  await write(files.ca, serverCa.certificate);
  await write(files.certificate, client.certificate);
  await write(files.key, key);
  await write(files.pem, `${key.trim()}\n${client.certificate}`);

  const upstream = forkBeside("upstream/main.ts");
  const setting: UpstreamSetting = {
    certificate: server.certificate,
    key: server.key.expose(),
    clientCa: clientCa.certificate,
    bearer,
  };
  upstream.send(setting);
  const [ports] = (await once(upstream, "message")) as [UpstreamPorts];
  return {
    upstream: ports,
    bearer,
    ca: serverCa.certificate,
    client,
    files,
    file,
    async [Symbol.asyncDispose](): Promise<void> {
      upstream.disconnect();
      process.off("exit", remove);
      remove();
    },
  };
}

/** Starts a file of this folder as a process that ends when this one does. */
export const forkBeside = (name: string): ChildProcess =>
  fork(join(import.meta.dirname, name), { stdio: ["ignore", "inherit", "inherit", "ipc"] });

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
