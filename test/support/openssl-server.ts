import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { Program } from "./process.ts";
import { eventually } from "./eventually.ts";
import type { Folder } from "./folder.ts";
import { type Pki } from "./pki.ts";

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** OpenSSL's own server: it sends each TLS alert that a careful server sends, which Node's does not. */
export class OpensslServer implements AsyncDisposable {
  readonly origin: string;
  readonly #program: Program;

  constructor(program: Program, origin: string) {
    this.#program = program;
    this.origin = origin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** Starts one that demands a client certificate; `at` is the time at which it checks it. */
export async function startOpenssl(
  pki: Pki,
  folder: Folder,
  options: { readonly version: "TLSv1.2" | "TLSv1.3"; readonly at?: Date },
): Promise<OpensslServer> {
  const port = await freePort();
  const program = new Program("openssl", [
    "s_server",
    "-www",
    "-Verify=2",
    "-verify_return_error",
    options.version === "TLSv1.2" ? "-tls1_2" : "-tls1_3",
    `-accept=127.0.0.1:${port}`,
    `-cert=${folder.write(`server-${port}.pem`, pki.server.certificate)}`,
    `-key=${folder.write(`server-${port}.key`, pki.server.key.expose())}`,
    `-CAfile=${folder.write(`client-ca-${port}.pem`, pki.clientCa.certificate)}`,
    ...(options.at === undefined ? [] : [`-attime=${Math.floor(options.at.getTime() / 1000)}`]),
  ]);
  await eventually(() => {
    if (program.child.exitCode !== null) throw new Error(program.stderr);
    if (!program.stdout.includes("ACCEPT")) throw new Error("openssl s_server does not accept yet");
  });
  return new OpensslServer(program, `https://127.0.0.1:${port}`);
}
