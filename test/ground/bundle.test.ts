import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Folder } from "../support/folder.ts";
import { type Ended, postern, Program } from "../support/process.ts";
import { root } from "./tree.ts";

// The bundle leaves out what a library asks for by a path of its own, or only on some machines: what works from the
// sources need not work there.
const passphrase = "canary-passphrase-4f1c20d7a9";
const folder = new Folder();
const config = folder.file("home/postern.yaml");

const start = (...args: readonly string[]): Program => startWith({}, ...args);
const startWith = (env: NodeJS.ProcessEnv, ...args: readonly string[]): Program =>
  new Program(process.execPath, [folder.file("dist/main.js"), ...args], {
    env: { POSTERN_CONFIG: config, ...env },
  });
const run = (...args: readonly string[]): Promise<Ended> => start(...args).ended();

beforeAll(async () => {
  copyFileSync(join(root, "package.json"), folder.file("package.json"));
  for (const shipped of ["bin", "config"])
    cpSync(join(root, shipped), folder.file(shipped), { recursive: true });
  const bundler = join(root, "node_modules/.bin/rolldown");
  execFileSync(bundler, ["-c", "-d", folder.file("dist")], { cwd: root, stdio: "pipe" });
  expect(await run("init", "--dir", folder.file("home"))).toMatchObject({ status: 0 });
  folder.write(
    "home/postern.yaml",
    `listen: [127.0.0.1:0]\nadmin: 127.0.0.1:0\n${readFileSync(config, "utf8")}`,
  );
});
afterAll(() => folder[Symbol.dispose]());

describe("the bundle opens an encrypted SSH key", () => {
  /** As ssh-keygen writes it, with bcrypt and AES; and the older form. */
  const forms: Readonly<Record<string, readonly string[]>> = {
    "openssh-ed25519": ["-t", "ed25519"],
    "openssh-ecdsa": ["-t", "ecdsa"],
    "pem-rsa": ["-t", "rsa", "-b", "2048", "-m", "PEM"],
  };
  for (const [name, options] of Object.entries(forms)) {
    beforeAll(() => {
      execFileSync("ssh-keygen", ["-q", ...options, "-N", passphrase, "-f", folder.file(name)]);
    });

    test(`${name}, at the command line`, async () => {
      const file = folder.write("passphrase", `${passphrase}\n`);
      const key = folder.file(name);
      expect(await run("vault", "add", "ssh-key", name, "--file", key, "--passphrase-file", file)).toEqual({
        status: 0,
        stdout: `added the SSH Key "${name}"\n`,
        stderr: "",
      });
    });
  }

  test("in the console, in a thread of its own", async () => {
    await using serving = start("serve");
    const { admin } = JSON.parse(await serving.firstLine()) as { readonly admin: string };
    const token = readFileSync(folder.file("home/admin-token"), "utf8").trim();
    const add = async (phrase: string): Promise<Response> =>
      fetch(`${admin}/api/v1/items`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({
          how: "existing",
          kind: "ssh-key",
          name: "from-console",
          values: { key: readFileSync(folder.file("openssh-ed25519"), "utf8"), passphrase: phrase },
        }),
      });
    const refused = await add("another");
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { code: "passphrase_wrong" } },
    ]);
    expect((await add(passphrase)).status).toBe(201);
    expect((await serving.stop()).stderr).not.toContain(passphrase);
  });
});

describe.each([
  ["the bundle", startWith],
  ["a checkout", (env: NodeJS.ProcessEnv, ...args: readonly string[]) => postern(args, { env })],
])("%s knows where it is installed", (_, program) => {
  test("and names its schema in a new configuration", async () => {
    using place = new Folder();
    expect(await program({}, "init", "--dir", place.path).ended()).toMatchObject({ status: 0 });
    const [, schema = ""] = /\$schema=(\S+)/.exec(readFileSync(place.file("postern.yaml"), "utf8")) ?? [];
    expect(existsSync(fileURLToPath(schema))).toBe(true);
  });

  test("and where Docker finds its helper", async () => {
    using place = new Folder();
    const env = { DOCKER_CONFIG: place.path };
    const { status, stderr } = await program(env, "docker-credential", "install", "--all").ended();
    expect(status).toBe(0);
    const [, bin = ""] = /export PATH="([^:]+):/.exec(stderr) ?? [];
    expect(existsSync(join(bin, "docker-credential-postern"))).toBe(true);
  });
});
