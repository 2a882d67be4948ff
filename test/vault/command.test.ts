import { readFileSync, statSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type KindName, kindNames } from "../../src/vault/item.ts";
import { kinds } from "../../src/vault/kinds/index.ts";
import { type Canary, canaries, formsOf } from "../support/canaries.ts";
import { makePki, pemOf } from "../support/pki.ts";
import { Desk, tool } from "./desk.ts";

let canary: Record<KindName, Canary>;
let foreignPem: string;
beforeAll(async () => {
  const pki = await makePki();
  canary = canaries(pki);
  foreignPem = pemOf(pki.foreign);
});

/** The command line that adds a canary from its file. */
function adding(desk: Desk, { kind, value, facts }: Canary, name: string): readonly string[] {
  const options = Object.entries(facts).flatMap(([field, fact]) => [`--${field}`, fact]);
  return ["add", kind, name, ...options, "--file", desk.folder.write("secret.txt", value)];
}

const shows = (text: string, { secrets }: Canary): boolean =>
  secrets.some((secret) => formsOf(secret).some((form) => text.includes(form)));

describe.each(kindNames)("%s", (kind) => {
  test("is added, listed, shown masked, revealed, downloaded, renamed and removed", async () => {
    using desk = await Desk.make();
    const given = canary[kind];
    const said: string[] = [];
    const ok = async (...args: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await desk.vault(args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return stdout;
    };
    const quietly = async (...args: readonly string[]): Promise<string> => {
      said.push(await ok(...args));
      return said.at(-1) ?? "";
    };
    expect(await quietly(...adding(desk, given, "first"))).toContain(
      `added the ${kinds[kind].title} "first"`,
    );
    expect(await quietly("list")).toMatch(new RegExp(`^${kind} +first +\\S*\\*{8} `, "m"));
    expect(JSON.parse(await quietly("list", "--json"))).toMatchObject([
      { kind, name: "first", facts: given.facts },
    ]);
    expect(await quietly("show", "first")).toMatch(/^value +\S*\*{8}$/m);
    expect(JSON.parse(await quietly("show", "first", "--json"))).toMatchObject({
      kind,
      mask: expect.stringContaining("****"),
    });
    expect(said.filter((text) => shows(text, given))).toEqual([]);

    expect(shows(await ok("show", "first", "--reveal"), given)).toBe(true);
    expect(shows(await ok("show", "first", "--reveal", "--json"), given)).toBe(true);
    const download = ["download", "first", ...(kinds[kind].privateFile === undefined ? [] : ["--private"])];
    expect(shows(await ok(...download, "--stdout"), given)).toBe(true);
    const file = (await quietly(...download)).replace(/^wrote (.*)\n$/, "$1");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(shows(readFileSync(file, "utf8"), given)).toBe(true);
    expect(await desk.vault(download)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("is there already"),
    });

    await quietly("rename", "first", "second");
    expect(JSON.parse(await quietly("list", "--json"))).toMatchObject([{ name: "second" }]);
    await quietly("remove", "second", "--yes");
    expect(JSON.parse(await quietly("list", "--json"))).toEqual([]);
    expect(said.filter((text) => shows(text, given))).toEqual([]);
  });

  test("is taken from standard input as from a file", async () => {
    using desk = await Desk.make();
    const { value, facts } = canary[kind];
    const options = Object.entries(facts).flatMap(([field, fact]) => [`--${field}`, fact]);
    expect(
      await desk.vault(["add", kind, "piped", ...options, "--stdin"], { stdin: `${value}\n` }),
    ).toMatchObject({ status: 0 });
    const { stdout } = await desk.vault(["show", "piped", "--reveal"]);
    expect(shows(stdout, canary[kind])).toBe(true);
  });

  test("is refused when it is empty, and the vault stays as it is", async () => {
    using desk = await Desk.make();
    const before = desk.folder.contents();
    const facts = Object.entries(canary[kind].facts).flatMap(([field, fact]) => [`--${field}`, fact]);
    expect(await desk.vault(["add", kind, "empty", ...facts, "--stdin"])).toMatchObject({
      status: 1,
      stdout: "",
    });
    expect(desk.folder.contents()).toEqual(before);
  });
});

const tokenKinds = ["bearer-token", "serverless-api-key", "hugging-face-token"] as const;

describe.each(tokenKinds)("a %s", (kind) => {
  const add = (desk: Desk, value: string) => desk.vault(["add", kind, "token", "--stdin"], { stdin: value });

  test.each(["canary\n", "canary\r\n", "canary", "\uFEFFcanary\n"])(
    "loses one line break at its end and no more: %j",
    async (value) => {
      using desk = await Desk.make();
      expect(await add(desk, value)).toMatchObject({ status: 0 });
      expect((await desk.open()).get("token").secrets["value"]?.expose()).toBe("canary");
    },
  );

  test.each([
    ["canary\n\n", "line break"],
    ["canary\r\nx-injected: 1", "line break"],
    ["canary\tx", "control character"],
    ["canary\u0000", "control character"],
    ["Bearer canary", "give the token alone"],
    ["bearer canary", "give the token alone"],
    ["canary x", "a space"],
    ["canary\u00e9", "outside ASCII"],
  ])("is refused for what a header cannot carry: %j", async (value, reason) => {
    using desk = await Desk.make();
    const said = await add(desk, value);
    expect(said).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining(reason) });
    expect(said.stderr).not.toContain("canary");
  });
});

describe("--generate", () => {
  test.each(["bearer-token", "serverless-api-key"])(
    "makes a %s of 32 random bytes, and does not print it",
    async (kind) => {
      using desk = await Desk.make();
      const { stdout } = await desk.vault(["add", kind, "made", "--generate"]);
      const value = (await desk.open()).get("made").secrets["value"]?.expose() ?? "";
      expect(Buffer.from(value, "base64url")).toHaveLength(32);
      expect(stdout).not.toContain(value);
      expect(stdout).toContain("postern vault show made --reveal");
    },
  );

  test("writes a certificate's file where --out says, for its owner only", async () => {
    using desk = await Desk.make();
    const { status, stdout } = await desk.vault([
      "add",
      "certificate",
      "gen-cert",
      "--generate",
      "--out",
      ".",
    ]);
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("gen-cert.pem") });
    const file = desk.folder.file("gen-cert.pem");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toBe((await desk.vault(["download", "gen-cert", "--stdout"])).stdout);
  });

  test("makes a certificate as it is asked for, whose public part and CA can be written alone", async () => {
    using desk = await Desk.make();
    const choices = ["--key-type", "Ed25519", "--days", "30", "--common-name", "me.test"];
    const said = await desk.vault(["add", "certificate", "gen-cert", "--generate", ...choices]);
    expect(said).toMatchObject({ status: 0, stdout: expect.stringContaining("download gen-cert --ca") });
    for (const [option, name, subject] of [
      ["--public", "gen-cert.crt", "CN = me.test"],
      ["--ca", "gen-cert-ca.crt", "CN = ca.me.test"],
    ] as const) {
      expect(await desk.vault(["download", "gen-cert", option])).toMatchObject({ status: 0, stderr: "" });
      const file = desk.folder.file(name);
      expect(tool("openssl", ["x509", "-noout", "-subject", "-in", file])).toBe(`subject=${subject}\n`);
      expect(readFileSync(file, "utf8")).not.toContain("PRIVATE KEY");
      const { stdout } = await desk.vault(["download", "gen-cert", option, "--stdout"]);
      expect(stdout).toBe(readFileSync(file, "utf8"));
    }
  });

  test("adds nothing when the file cannot be written, and overwrites none", async () => {
    using desk = await Desk.make();
    desk.folder.write("gen-cert.pem", "mine");
    const before = desk.folder.contents();
    const add = ["add", "certificate", "gen-cert", "--generate", "--out"];
    expect(await desk.vault([...add, "."])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("is there already"),
    });
    expect(await desk.vault([...add, "none"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("cannot write"),
    });
    expect(desk.folder.contents()).toEqual(before);
  });

  test.each(["hugging-face-token", "registry-credentials", "environment-variable"])(
    "is refused for a %s",
    async (kind) => {
      using desk = await Desk.make();
      const said = await desk.vault(["add", kind, "made", "--generate"]);
      expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("--generate makes no ") });
    },
  );
});

describe("usage", () => {
  test.each([
    [["add", "bearer-token", "a", "--pem", "x.pem"], "--pem is not for Bearer Tokens"],
    [["add", "bearer-token", "a", "--username", "x", "--stdin"], "--username is not for Bearer Tokens"],
    [["add", "certificate", "a", "--variable", "X"], "--variable is not for Certificates"],
    [["add", "password", "a", "--stdin"], '"password" is not a kind of item'],
    [["add", "bearer-token", "a"], "nothing gives the value of the Bearer Token"],
    [["add", "bearer-token", "a", "--stdin", "--file", "x"], "only one of them"],
    [["add", "certificate", "a", "--stdin", "--pem", "x"], "only one of them"],
    [["add", "certificate", "a", "--generate", "--pem", "x"], "--generate makes a new one"],
    [["add", "certificate", "a", "--pem", "x", "--p12", "x"], "--stdin, --file, --pem, --p12: only one"],
    [["add", "certificate", "a", "--pem", "x", "--days", "3"], "--days goes with --generate"],
    [["add", "bearer-token", "a", "--generate", "--days", "3"], "--days is not for Bearer Tokens"],
    [["add", "bearer-token", "a", "--stdin", "--out", "."], "--out goes with --generate"],
    [["add", "bearer-token", "-a", "--stdin"], '"-a" is not an option'],
    [["add", "bearer-token", "a", "--token=canary"], '"--token" is not an option'],
    [["add", "bearer-token", "a", "--stdin=canary"], '"--stdin" is not an option'],
    [["add", "bearer-token", "a/b", "--stdin"], "cannot be an item's name"],
    [["add", "bearer-token", "a", "canary-as-argument"], "takes 2 arguments, not 3"],
    [["remove", "gen-cert"], "nobody is there to confirm"],
    [["show"], "the argument NAME is missing"],
    [["unknown"], '"unknown" is not a subcommand'],
  ])("%j is refused with the way out, and changes nothing", async (args, message) => {
    using desk = await Desk.make();
    const adding = await desk.vault(["add", "bearer-token", "gen-cert", "--stdin"], { stdin: "x" });
    expect(adding.status).toBe(0);
    const before = desk.folder.contents();
    const { status, stdout, stderr } = await desk.vault(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^error: .*\nhint: .*\n$/s);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("canary");
    expect(desk.folder.contents()).toEqual(before);
  });

  test.each([[""], ["add"], ["request"], ["list"], ["show"], ["download"], ["rename"], ["remove"]])(
    "vault %s --help ends with an example",
    async (name) => {
      using desk = await Desk.make();
      const { status, stdout } = await desk.vault(name === "" ? ["--help"] : [name, "--help"]);
      expect(status).toBe(0);
      expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^Example: postern vault /);
    },
  );

  test("a file that is not there is named", async () => {
    using desk = await Desk.make();
    const said = await desk.vault(["add", "bearer-token", "a", "--file", "none.txt"]);
    expect(said).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("cannot read none.txt: there is no such file"),
    });
  });

  test.each([
    ["bearer-token", "no text", Buffer.from([0x00, 0x80]), "not UTF-8 text"],
    ["ssh-key", "DER", Buffer.from([0x30, 0x82, 0xff, 0x00]), "openssl pkey -inform der"],
    ["certificate", "no text", Buffer.from([0x00, 0x80]), "neither DER nor PKCS#12"],
    ["certificate", "larger than any credential", Buffer.alloc(1024 * 1024 + 1, "x"), "larger than 1 MiB"],
  ])("a %s from a file that is %s is refused", async (kind, _what, content, message) => {
    using desk = await Desk.make();
    const file = desk.folder.write("binary", content);
    const said = await desk.vault(["add", kind, "a", "--file", file]);
    expect(said).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
  });

  test("a file without an end is not read for ever", async () => {
    using desk = await Desk.make();
    const said = await desk.vault(["add", "environment-variable", "A", "--file", "/dev/zero"]);
    expect(said).toMatchObject({ status: 1, stderr: expect.stringContaining("larger than 1 MiB") });
  });

  test.each(["utf-16le", "utf-16be"])(
    "a file in %s, as PowerShell writes it, is read as its text",
    async (encoding) => {
      using desk = await Desk.make();
      const bytes = Buffer.from("\uFEFFcanary\r\n", "utf16le");
      const file = desk.folder.write("token.txt", encoding === "utf-16le" ? bytes : bytes.swap16());
      expect(await desk.vault(["add", "bearer-token", "a", "--file", file])).toMatchObject({ status: 0 });
      expect((await desk.open()).get("a").secrets["value"]?.expose()).toBe("canary");
    },
  );

  test.each(["constructor", "toString", "hasOwnProperty"])("%s is a name like any other", async (name) => {
    using desk = await Desk.make();
    const unknown = await desk.vault(["show", name]);
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining("no item named") });
    expect(await desk.vault(["add", "bearer-token", name, "--generate"])).toMatchObject({ status: 0 });
    expect(await desk.vault(["remove", name, "--yes"])).toMatchObject({ status: 0 });
    const kind = await desk.vault(["add", name, "a", "--stdin"]);
    expect(kind).toMatchObject({ status: 2, stderr: expect.stringContaining("not a kind of item") });
  });

  test("a value that begins with what a terminal obeys is masked whole", async () => {
    using desk = await Desk.make();
    await desk.vault(["add", "environment-variable", "A", "--stdin"], { stdin: "\u001b[2J and more of it" });
    for (const args of [["show", "A"], ["list"]]) {
      const { stdout } = await desk.vault(args);
      expect(stdout).toContain("********");
      expect(stdout).not.toContain("\u001b");
    }
  });
});

describe("fields", () => {
  test("an environment variable is named as its item unless --variable says otherwise, and keeps its lines", async () => {
    using desk = await Desk.make();
    await desk.vault(["add", "environment-variable", "SETTING", "--stdin"], { stdin: "one\ntwo\n" });
    expect((await desk.open()).get("SETTING")).toMatchObject({ facts: { variable: "SETTING" } });
    expect((await desk.vault(["download", "SETTING", "--stdout"])).stdout).toBe("one\ntwo\n");
    const said = await desk.vault(["add", "environment-variable", "my-setting", "--stdin"], { stdin: "x" });
    expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining("--variable NAME") });
  });

  test.each([
    [undefined, "docker.io"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["GHCR.io", "ghcr.io"],
    ["https://registry.test:5000/v2/", "registry.test:5000"],
  ])("registry %s is kept as %s", async (given, kept) => {
    using desk = await Desk.make();
    const registry = given === undefined ? [] : ["--registry", given];
    await desk.vault(["add", "registry-credentials", "r", "--username", "u", ...registry, "--stdin"], {
      stdin: "x y",
    });
    expect((await desk.open()).get("r")).toMatchObject({ facts: { registry: kept, username: "u" } });
  });

  test.each([
    [["--username", "u", "--registry", "ghcr.io/owner/image"], "is not a registry's host"],
    [["--username", "a:b"], "a colon"],
    [[], "its user name is missing"],
  ])("registry credentials with %j are refused", async (options, reason) => {
    using desk = await Desk.make();
    const said = await desk.vault(["add", "registry-credentials", "r", ...options, "--stdin"], {
      stdin: "x",
    });
    expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining(reason) });
  });

  test("a separate key and a passphrase come from their files", async () => {
    using desk = await Desk.make();
    const pem = canary.certificate.value;
    const pass = desk.folder.write("pass.txt", "secret words\n");
    const key = desk.folder.file("key.pem");
    tool("openssl", ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", `file:${pass}`, "-out", key], {
      input: pem,
    });
    const cert = desk.folder.write("cert.pem", pem.slice(pem.indexOf("-----BEGIN CERT")));
    const add = ["add", "certificate", "gen-cert", "--pem", cert, "--key", key];
    expect(await desk.vault(add)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`the private key in ${key} is encrypted`),
    });
    expect(await desk.vault([...add, "--passphrase-file", pass])).toMatchObject({ status: 0 });
    expect((await desk.vault(["download", "gen-cert", "--stdout"])).stdout).toContain(
      "-----BEGIN PRIVATE KEY-----",
    );
  });
});

describe("on a terminal", () => {
  test("a secret is asked for, and not shown", async () => {
    using desk = await Desk.make();
    const said = await desk.vault(["add", "bearer-token", "typed"], {
      terminal: true,
      stdin: "canary-typx\u007fed\r",
    });
    expect(said).toMatchObject({ status: 0, stderr: expect.stringContaining("Bearer Token (not shown)") });
    expect(said.stdout + said.stderr).not.toContain("canary");
    expect((await desk.open()).get("typed").secrets["value"]?.expose()).toBe("canary-typed");
  });

  test("a text of several lines ends with Ctrl-D", async () => {
    using desk = await Desk.make();
    const stdin = "one\rtwo\r\u0004";
    expect(
      await desk.vault(["add", "environment-variable", "TYPED"], { terminal: true, stdin }),
    ).toMatchObject({ status: 0 });
    expect((await desk.open()).get("TYPED").secrets["value"]?.expose()).toBe("one\ntwo");
  });

  test("Ctrl-C adds nothing", async () => {
    using desk = await Desk.make();
    const said = await desk.vault(["add", "bearer-token", "typed"], {
      terminal: true,
      stdin: "canary\u0003",
    });
    expect(said.status).toBe(1);
    expect((await desk.open()).items()).toEqual([]);
  });

  test("an encrypted key's passphrase is asked for", async () => {
    using desk = await Desk.make();
    const file = desk.folder.file("id");
    tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret words", "-f", file]);
    const said = await desk.vault(["add", "ssh-key", "key", "--file", file], {
      terminal: true,
      stdin: "secret words\r",
    });
    expect(said).toMatchObject({ status: 0, stderr: expect.stringContaining("Passphrase") });
  });

  test("a PKCS#12 file's passphrase is asked for", async () => {
    using desk = await Desk.make();
    const [pem, out] = [
      desk.folder.write("both.pem", canary.certificate.value),
      desk.folder.file("both.p12"),
    ];
    const pass = `file:${desk.folder.write("pass.txt", "secret words\n")}`;
    tool("openssl", ["pkcs12", "-export", "-in", pem, "-passout", pass, "-out", out]);
    const add = (stdin: string) =>
      desk.vault(["add", "certificate", "gen-cert", "--p12", out], { terminal: true, stdin });
    expect(await add("wrong\r")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("does not open"),
    });
    const said = await add("secret words\r");
    expect(said).toMatchObject({ status: 0, stderr: expect.stringContaining("Passphrase (not shown)") });
    expect(said.stdout + said.stderr).not.toContain("secret words");
  });

  test("an item is removed when its name is typed, and only then", async () => {
    using desk = await Desk.make();
    await desk.vault(["add", "bearer-token", "gen-cert", "--generate"]);
    const typed = (stdin: string) => desk.vault(["remove", "gen-cert"], { terminal: true, stdin });
    expect(await typed("yes\r")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("nothing was removed"),
    });
    expect((await desk.open()).items()).toHaveLength(1);
    const said = await typed("gen-cert\r");
    expect(said).toMatchObject({ status: 0, stderr: expect.stringContaining('it is used by "private-2"') });
    expect((await desk.open()).items()).toEqual([]);
  });
});

describe("the configuration's endpoints", () => {
  test("that use a removed item are named", async () => {
    using desk = await Desk.make();
    await desk.vault(["add", "bearer-token", "gen-cert", "--generate"]);
    const { stdout } = await desk.vault(["remove", "gen-cert", "--yes"]);
    expect(stdout).toContain('it is used by "private-2", which cannot be called without it');
  });

  test("that use a renamed item are named", async () => {
    using desk = await Desk.make();
    await desk.vault(["add", "bearer-token", "gen-cert", "--generate"]);
    const { stdout } = await desk.vault(["rename", "gen-cert", "other"]);
    expect(stdout).toContain('the endpoint "private-2" names it so too');
  });
});

test("an SSH key's comment with a line break in it adds no line to the public key", async () => {
  using desk = await Desk.make();
  const file = desk.folder.file("id");
  tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "me\nssh-ed25519 AAAA", "-f", file]);
  await desk.vault(["add", "ssh-key", "k", "--file", file]);
  const { facts } = (await desk.open()).get("k");
  expect(facts["comment"]).toBe("me ssh-ed25519 AAAA");
  expect(facts["publicKey"]).toMatch(/^ssh-ed25519 \S+ me ssh-ed25519 AAAA$/);
});

test("a wrong pair is told in the platform's words", () => {
  const words = (kind: KindName, type: "dedicated" | "serverless") => kinds[kind].misfit(type).reason;
  expect(words("bearer-token", "serverless")).toBe(
    "a bearer token opens only the dedicated and private endpoints whose deployment was given it; the serverless API takes only a serverless API key",
  );
  expect(words("serverless-api-key", "dedicated")).toMatch(
    /^a serverless API key opens only the serverless API/,
  );
});

test("a part is written alone, and only of an item that has it", async () => {
  using desk = await Desk.make();
  await desk.vault(["add", "bearer-token", "token", "--generate"]);
  const refused = (stderr: string) => ({ status: 2, stdout: "", stderr: expect.stringContaining(stderr) });
  expect(await desk.vault(["download", "token", "--public"])).toMatchObject(
    refused("--public is not for Bearer Tokens"),
  );
  expect(await desk.vault(["download", "token", "--public", "--ca"])).toMatchObject(refused("only one part"));
});

test("a certificate that came without its CA has none to be written alone", async () => {
  using desk = await Desk.make();
  await desk.vault(["add", "certificate", "foreign", "--pem", desk.folder.write("foreign.pem", foreignPem)]);
  expect(await desk.vault(["download", "foreign", "--ca"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("does not hold the CA"),
  });
});

test("a certificate of another CA is as good a certificate: whom it opens is the endpoint's to say", async () => {
  using desk = await Desk.make();
  const file = desk.folder.write("foreign.pem", foreignPem);
  expect(await desk.vault(["add", "certificate", "foreign", "--pem", file])).toMatchObject({ status: 0 });
});
