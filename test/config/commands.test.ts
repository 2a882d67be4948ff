import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { Secret } from "../../src/secret.ts";
import type { KindName } from "../../src/vault/item.ts";
import { kinds } from "../../src/vault/kinds/index.ts";
import { openVault } from "../../src/vault/vault.ts";
import { Folder } from "../support/folder.ts";
import { makePki, pemOf, type Pki, whileValid } from "../support/pki.ts";
import { postern } from "./support.ts";

const canary = "canary-token-commands-91bd";

let folder: Folder;
let home: string;
let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
beforeEach(() => {
  folder = new Folder();
  home = join(folder.path, ".config", "postern");
});
afterEach(() => folder[Symbol.dispose]());

const say = (args: string, env?: Record<string, string>): ReturnType<typeof postern> =>
  postern(folder, args.split(" "), env);

const config = (): string => readFileSync(join(home, "postern.yaml"), "utf8");

/** Adds an item to the vault that `init` made. */
async function put(kind: KindName, name: string, value: string, now = new Date()): Promise<void> {
  const vault = await openVault({ file: join(home, "vault.age"), identity: join(home, "identity.txt") });
  const field = kinds[kind].fields.find(({ secret }) => secret)?.name ?? "";
  const secrets = { [field]: new Secret(value) };
  const draft = await kinds[kind].accept({ name, source: "the test", facts: {}, secrets }, now);
  await vault.add(name, kind, draft);
}

/** Runs a command that must fail in one clear message, and leave every file as it was. */
async function refused(args: string, status: 1 | 2, ...says: readonly string[]): Promise<void> {
  const before = folder.contents();
  const said = await say(args);
  expect(said.status, said.stderr).toBe(status);
  for (const words of says) expect(said.stderr).toContain(words);
  expect(said.stderr).toMatch(/^error: \S[^]*\nhint: \S.*\n$/);
  expect(said.stderr).not.toContain("an error of Postern's own");
  expect(folder.contents()).toEqual(before);
}

describe("init", () => {
  test("writes the three files, closed to others, into a folder closed to others", async () => {
    const { status, stdout } = await say("init");
    expect(status).toBe(0);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    for (const name of ["postern.yaml", "identity.txt", "vault.age"]) {
      expect(statSync(join(home, name)).mode & 0o077).toBe(0);
      expect(stdout).toContain(join(home, name));
    }
    expect(stdout).toContain("postern vault add");
    expect(stdout).toContain("postern endpoint add");
    expect(stdout).toContain("postern serve");
    expect(stdout).not.toContain("--config");
    expect((await loadConfig(join(home, "postern.yaml"))).endpoints.size).toBe(0);
  });

  test("names the schema of this installation for editors", async () => {
    await say("init");
    const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(config()) ?? [];
    expect(JSON.parse(readFileSync(new URL(schema), "utf8"))).toHaveProperty("properties.endpoints");
  });

  test("writes to --dir, and says how to name it", async () => {
    const { status, stdout } = await say("init --dir deep/er");
    expect(status).toBe(0);
    const file = join(folder.path, "deep", "er", "postern.yaml");
    expect(stdout).toContain(`postern serve --config ${file}`);
    expect((await say(`endpoint list --config ${file}`)).status).toBe(0);
  });

  test("writes to the file that POSTERN_CONFIG names", async () => {
    const env = { POSTERN_CONFIG: join(folder.path, "here", "other.yaml") };
    expect((await say("init", env)).status).toBe(0);
    expect(readdirSync(join(folder.path, "here"))).toEqual(
      expect.arrayContaining(["other.yaml", "vault.age"]),
    );
    expect((await say("endpoint list", env)).status).toBe(0);
  });

  test.each(["postern.yaml", "identity.txt", "vault.age"])(
    "refuses when %s is there, and changes nothing",
    async (name) => {
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, name), "mine");
      await refused("init", 1, join(home, name), "is there already");
    },
  );

  test("leaves no file where it cannot write", async () => {
    folder.write("file", "");
    await refused("init --dir file/below", 1, "a part of its path is not a folder");
  });
});

describe("endpoint", () => {
  beforeEach(async () => {
    await say("init");
  });

  test("add writes what was asked for, keeps the comments, and says what comes next", async () => {
    await put("certificate", "gen-cert", pemOf(pki.client));
    await put("bearer-token", "token", canary);
    const before = config();
    writeFileSync(join(home, "ca.pem"), pki.serverCa.certificate);
    const { status, stdout, stderr } = await say(
      `endpoint add private-2 private-2.test//v1/ --credential gen-cert --credential token --model m/x --model y --alias l=m/x --ca ${join(home, "ca.pem")}`,
    );
    expect([status, stderr.replace(/warning: .*expires within.*\nhint: .*\n/, "")]).toEqual([0, ""]);
    expect(stdout).toContain("postern endpoint test private-2");
    expect(stdout).toContain("http://127.0.0.1:8080/private-2/v1");
    expect(config().startsWith(before)).toBe(true);
    expect(config()).toContain("ca: ca.pem\n");
    const endpoint = (await loadConfig(join(home, "postern.yaml"))).endpoints.get("private-2");
    expect(endpoint).toMatchObject({
      origin: "https://private-2.test",
      basePath: "/v1",
      credentials: ["gen-cert", "token"],
      models: ["m/x", "y"],
      aliases: new Map([["l", "m/x"]]),
    });
  });

  test("list shows them, as a table and as JSON", async () => {
    await put("bearer-token", "token", canary);
    expect((await say("endpoint list")).stdout).toContain("no endpoint yet");
    await say("endpoint add one one.test/v1 --credential token --model m");
    expect((await say("endpoint list")).stdout).toMatch(
      /NAME +TYPE.*\none +dedicated +https:\/\/one\.test\/v1 +token +m\n/,
    );
    expect(JSON.parse((await say("endpoint list --json")).stdout)).toEqual([
      {
        name: "one",
        type: "dedicated",
        url: "https://one.test/v1",
        credentials: ["token"],
        models: ["m"],
        aliases: {},
        default: false,
        local: ["http://127.0.0.1:8080/one/v1"],
      },
    ]);
  });

  test("remove takes what add wrote, and nothing else", async () => {
    await put("bearer-token", "token", canary);
    const before = config();
    await say("endpoint add one one.test/v1 --credential token");
    const { status } = await say("endpoint remove one");
    expect([status, config()]).toEqual([0, before]);
  });

  const wrong: readonly (readonly [name: string, args: string, status: 1 | 2, ...says: string[]])[] = [
    [
      "an item that the vault has not",
      "endpoint add one one.test --credential nothing",
      1,
      'needs the vault item "nothing"',
    ],
    [
      "a bearer token for the serverless API",
      "endpoint add one one.test --credential token --type serverless",
      2,
      "serverless API key",
    ],
    [
      "a serverless key for a dedicated endpoint",
      "endpoint add one one.test --credential key",
      2,
      'cannot use the vault item "key"',
    ],
    [
      "an item that no endpoint attaches",
      "endpoint add one one.test --credential variable",
      2,
      'cannot use the vault item "variable"',
    ],
    [
      "two items for one header",
      "endpoint add one one.test --credential token --credential token-2",
      2,
      "the header authorization",
    ],
    [
      "two certificates",
      "endpoint add one one.test --credential gen-cert --credential gen-cert-2",
      2,
      "the client certificate",
    ],
    ["a certificate on http:", "endpoint add one http://127.0.0.1:9 --credential gen-cert", 2, "is http:"],
    ["an expired certificate", "endpoint add one one.test --credential old-cert", 1, "expired at"],
    ["no credential", "endpoint add one one.test", 2, "--credential"],
    [
      "an unknown type",
      "endpoint add one one.test --credential token --type private",
      2,
      "dedicated, serverless, hugging-face",
    ],
    ["a url that is none", "endpoint add one https:// --credential token", 2, "is not a URL"],
    [
      "a url with a password",
      `endpoint add one https://me:${canary}@one.test --credential token`,
      2,
      "user name or password",
    ],
    [
      "a url of a request",
      "endpoint add one one.test/v1/models --credential token",
      2,
      "write https://one.test/v1",
    ],
    [
      "a name of Postern's own",
      "endpoint add v1 one.test --credential token",
      2,
      '"v1" is a path of Postern\'s own',
    ],
    [
      "a name that is none",
      "endpoint add One one.test --credential token",
      2,
      '"One" cannot name an endpoint',
    ],
    [
      "an alias without =",
      "endpoint add one one.test --credential token --alias x",
      2,
      "--alias takes LOCAL=ID",
    ],
    [
      "a ca that is not there",
      "endpoint add one one.test --credential token --ca no.pem",
      2,
      "there is no such file",
    ],
    [
      "a model named twice",
      "endpoint add one one.test --credential token --model m --model m",
      2,
      "was not changed",
      "named",
    ],
    ["an endpoint to remove that is not there", "endpoint remove one", 1, 'there is no endpoint "one"'],
  ];

  for (const [name, args, status, ...says] of wrong)
    test(`${name} is refused, and no file is changed`, async () => {
      await put("bearer-token", "token", canary);
      await put("bearer-token", "token-2", canary);
      await put("serverless-api-key", "key", canary);
      await put("environment-variable", "variable", canary);
      await put("certificate", "gen-cert", pemOf(pki.client));
      await put("certificate", "gen-cert-2", pemOf(pki.foreign));
      await put("certificate", "old-cert", pemOf(pki.expired), whileValid);
      await refused(args, status, ...says);
      expect((await say(args)).stderr).not.toContain(canary);
    });

  test("a name that is taken is refused, and so is removing the default", async () => {
    await put("bearer-token", "token", canary);
    await say("endpoint add one one.test --credential token");
    await refused("endpoint add one two.test --credential token", 1, "is there already");
    await refused("endpoint remove on", 1, 'did you mean "one"?');
    await refused("endpoint test on", 1, 'there is no endpoint "on"', 'did you mean "one"?');
    writeFileSync(join(home, "postern.yaml"), `default-endpoint: one\n${config()}`);
    await refused("endpoint remove one", 2, '"one" is the default-endpoint');
  });

  test("add goes on without a vault, and says that nothing was checked", async () => {
    rmSync(join(home, "identity.txt"));
    const { status, stderr } = await say("endpoint add one one.test --credential token");
    expect(status).toBe(0);
    expect(stderr).toContain("warning: the credentials were not checked: the vault is locked");
  });

  test.each(["endpoint add a a.test --credential t", "endpoint list", "endpoint remove a", "check"])(
    "%s with a broken configuration shows its problems and changes nothing",
    async (args) => {
      writeFileSync(join(home, "postern.yaml"), "lisen: a\nadmin: 5\n");
      await refused(args, 2, "has 2 problems", ":1:1: lisen:", ":2:8: admin:", 'did you mean "listen"?');
      expect((await say(args)).stdout).toBe("");
    },
  );
});

describe("check", () => {
  const configure = (credentials: string, more = ""): void =>
    writeFileSync(
      join(home, "postern.yaml"),
      `endpoints:\n  one:\n    url: one.test\n    credentials: [${credentials}]\n${more}`,
    );

  beforeEach(async () => {
    await say("init");
  });

  test("says ok for everything that is, and exits with 0", async () => {
    await put("bearer-token", "token", canary);
    configure("token");
    const { status, stdout, stderr } = await say("check");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^ok +configuration .*\nok +vault .*1 item\nok +endpoint one +https:\/\/one\.test with token \(Bearer Token\)\n$/,
    );
    expect(JSON.parse((await say("check --json")).stdout)).toMatchObject({ ok: true });
  });

  test("a wrong pair is shown at its place in the configuration, and exits with 2", async () => {
    await put("bearer-token", "token", canary);
    configure("token", "    type: serverless\n");
    await refused(
      "check",
      2,
      "postern.yaml:4:19: endpoints.one.credentials[0]:",
      "      |                   ^^^^^",
      "serverless API key",
    );
  });

  test("a missing item exits with 1", async () => {
    configure("nothing");
    await refused("check", 1, "a problem was found");
    expect((await say("check")).stdout).toMatch(/problem +endpoint one +.*needs the vault item "nothing"/);
  });

  test("an expired certificate exits with 1, and one that expires soon is a warning", async () => {
    await put("certificate", "old-cert", pemOf(pki.expired), whileValid);
    await put("certificate", "gen-cert", pemOf(pki.client));
    configure("old-cert");
    expect((await say("check")).stdout).toContain("expired at");
    expect((await say("check")).status).toBe(1);
    configure("gen-cert");
    const { status, stdout } = await say("check");
    expect(status).toBe(0);
    expect(stdout).toMatch(/warning +endpoint one .*expires within 30 days/);
    const { findings } = JSON.parse((await say("check --json")).stdout) as { findings: { code?: string }[] };
    expect(findings.map(({ code }) => code)).toContain("credential_expiring");
  });

  test.each([
    ["there is no identity", () => rmSync(join(home, "identity.txt")), "the vault is locked"],
    ["there is no vault", () => rmSync(join(home, "vault.age")), "there is no vault at"],
    ["the vault is cut short", () => truncateSync(join(home, "vault.age"), 100), "vault.age"],
    ["others can read the identity", () => chmodSync(join(home, "identity.txt"), 0o644), "others can read"],
  ])("exits with 1 when %s", async (_, damage, says) => {
    configure("token");
    damage();
    await refused("check", 1, "a problem was found");
    expect((await say("check")).stdout).toMatch(new RegExp(`problem +vault +.*${says}`));
  });

  test("a broken configuration is JSON, too, where JSON was asked for", async () => {
    configure("", "colour: red\n");
    const { status, stdout } = await say("check --json");
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      findings: [{ level: "problem", code: "config_invalid" }],
    });
  });

  test("no configuration exits with 2", async () => {
    rmSync(join(home, "postern.yaml"));
    await refused("check", 2, "there is no configuration at");
  });
});

describe("doctor", () => {
  test("where nothing is set up it says how to begin", async () => {
    const { status, stdout, stderr } = await say("doctor");
    expect([status, stderr]).toEqual([1, ""]);
    expect(stdout).toContain("nothing is set up yet");
    expect(stdout).toContain("→ postern init");
    expect(stdout).toContain("→ postern demo");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("after init it says what is missing, each with its command", async () => {
    await say("init");
    const { status, stdout } = await say("doctor");
    expect(status).toBe(1);
    expect(stdout).toMatch(/missing +vault .*is empty\n +→ postern vault add/);
    expect(stdout).toMatch(/missing +endpoints .*\n +→ postern endpoint add/);
    expect(stdout).not.toContain("problem");
  });

  test("with everything in its place it is content, and sees whether the gateway answers", async () => {
    await say("init");
    await put("bearer-token", "token", canary);
    await put("bearer-token", "token-2", canary);
    await say("endpoint add one one.test --credential token");
    const server = createServer((request, response) =>
      response.writeHead(request.url === "/healthz" ? 200 : 404).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    writeFileSync(join(home, "postern.yaml"), `admin: 127.0.0.1:${port}\n${config()}`);
    try {
      const { status, stdout } = await say("doctor");
      expect(status).toBe(0);
      expect(stdout).toMatch(/ok +vault .*: 2 Bearer Tokens\n/);
      expect(stdout).toMatch(/ok +gateway +it runs\n/);
      expect(stdout).toContain("all is well");
      expect(stdout).not.toContain(canary);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    const after = await say("doctor --json");
    expect(after.status).toBe(0);
    expect(JSON.parse(after.stdout)).toMatchObject({ ok: true });
    expect(after.stdout).toContain("it does not run");
  });

  test.each([
    [
      "a broken configuration",
      () => writeFileSync(join(home, "postern.yaml"), "lisen: a\n"),
      "problem  configuration",
    ],
    ["a missing identity", () => rmSync(join(home, "identity.txt")), "identity.txt is not there"],
    ["a missing vault", () => rmSync(join(home, "vault.age")), "there is no vault at"],
    ["a damaged vault", () => truncateSync(join(home, "vault.age"), 50), "vault.age"],
  ])("it names %s", async (_, damage, says) => {
    await say("init");
    damage();
    const { status, stdout } = await say("doctor");
    expect(status).toBe(1);
    expect(stdout).toContain(says);
    expect(stdout).toContain("→ ");
  });
});

test.each(["init", "check", "doctor", "endpoint add", "endpoint list", "endpoint remove"])(
  "%s --help ends with an example",
  async (command) => {
    const { status, stdout } = await say(`${command} --help`);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}postern \S[^]*$/);
  },
);
