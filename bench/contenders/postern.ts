import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { Secret } from "../../src/secret.ts";
import { kinds } from "../../src/vault/kinds/index.ts";
import type { KindName } from "../../src/vault/item.ts";
import { createVault } from "../../src/vault/vault.ts";
import { modelOf } from "../event.ts";
import { freePort, type Stage } from "../stage.ts";
import { type Contender, type Launched, dummy } from "./contender.ts";

const root = join(import.meta.dirname, "../..");

/** This checkout, built as it is shipped: everything on, a line of log per request in a file. */
export const postern: Contender = {
  name: "postern",
  note: "routes by the body's model between two endpoints, where the others have one way to go",
  async prepare(stage) {
    execFileSync(process.execPath, [join(root, "node_modules/.bin/rolldown"), "-c"], {
      cwd: root,
      // It would leave a cache of its own among the temporary files.
      env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: "1" },
      stdio: ["ignore", "ignore", "inherit"],
    });
    await fillVault(stage);
    return {
      ...(await launch(stage, "postern", 1)),
      byWorkers: { one: await launch(stage, "one-worker", 1), two: await launch(stage, "two-workers", 2) },
    };
  },
};

async function launch(stage: Stage, name: string, workers: number): Promise<Launched> {
  // One for each: it is watched. The log lies elsewhere.
  const folder = stage.file(name);
  await mkdir(folder, { mode: 0o700 });
  const config = join(folder, "postern.yaml");
  const port = await freePort();
  await writeFile(config, configuration(stage, port, workers), { mode: 0o600 });
  return {
    command: {
      file: process.execPath,
      args: [...options(), join(root, "dist/main.js"), "serve", "--config", config],
      log: stage.file(`${name}.log`),
    },
    target: { port, headers: dummy },
  };
}

/** The options of Node.js with which `bin/postern` starts it. */
function options(): readonly string[] {
  const text = /^options='(?<options>.*)'$/m.exec(readFileSync(join(root, "bin/postern"), "utf8"));
  return text?.groups?.["options"]?.split(" ") ?? [];
}

async function fillVault(stage: Stage): Promise<void> {
  const { files, client, bearer } = stage;
  await mkdir(stage.file("vault"), { mode: 0o700 });
  const vault = await createVault(vaultFiles(stage));
  const add = async (name: string, kind: KindName, field: string, value: string): Promise<void> => {
    const input = { name, source: files.pem, facts: {}, secrets: { [field]: new Secret(value) } };
    await vault.add(name, kind, await kinds[kind].accept(input, new Date()));
  };
  await add("bench-cert", "certificate", "pem", `${client.key.expose().trim()}\n${client.certificate}`);
  await add("bench-token", "bearer-token", "value", bearer);
}

const vaultFiles = ({ file }: Stage): { readonly file: string; readonly identity: string } => ({
  file: file("vault/vault.age"),
  identity: file("vault/identity.txt"),
});

function configuration(stage: Stage, port: number, workers: number): string {
  const { upstream, files } = stage;
  const { file, identity } = vaultFiles(stage);
  const endpoint = {
    url: `https://127.0.0.1:${upstream.demanding}/v1`,
    ca: files.ca,
    credentials: ["bench-cert", "bench-token"],
  };
  const manners = ["answer", "fixed", "burst", "paced"] as const;
  return stringify({
    listen: [`127.0.0.1:${port}`],
    admin: "127.0.0.1:0",
    workers,
    vault: `file:${file}`,
    identity: `file:${identity}`,
    endpoints: {
      bench: { ...endpoint, models: manners.map(modelOf) },
      other: { ...endpoint, models: ["bench/of-another-endpoint"] },
    },
  });
}
