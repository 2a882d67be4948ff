import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { sshKeyOf } from "../../src/vault/kinds/ssh-key.ts";
import { formatSshKey, makeSshKey } from "../../src/vault/ssh/ssh-key.ts";
import { Desk, tool } from "./desk.ts";

/** Makes a key with ssh-keygen and returns its file; its public half lies beside it. */
function makeKey(desk: Desk, ...args: readonly string[]): string {
  const file = desk.folder.file("made");
  tool("ssh-keygen", ["-q", "-C", "me@test", "-f", file, ...args]);
  return file;
}

/** "ssh-ed25519 AAAA…", without the comment. */
const publicHalf = (line: string): string => line.split(" ").slice(0, 2).join(" ").trim();

/** What ssh-keygen says the public half of this private key's file is. */
const publicOf = (file: string): string => publicHalf(tool("ssh-keygen", ["-y", "-P", "", "-f", file]));

const add = (desk: Desk, file: string, ...more: readonly string[]) =>
  desk.vault(["add", "ssh-key", "key", "--file", file, ...more]);

async function factsOf(desk: Desk): Promise<Readonly<Record<string, string>>> {
  return (await desk.open()).get("key").facts;
}

const kinds = [
  ["Ed25519", ["-t", "ed25519"], "Ed25519"],
  ["ECDSA P-256", ["-t", "ecdsa", "-b", "256"], "P-256"],
  ["ECDSA P-384", ["-t", "ecdsa", "-b", "384"], "P-384"],
  ["ECDSA P-521", ["-t", "ecdsa", "-b", "521"], "P-521"],
  ["RSA", ["-t", "rsa", "-b", "3072"], "RSA-3072"],
] as const;

describe.each(kinds)("%s", (_name, made, keyType) => {
  test("is generated, and ssh-keygen reads both halves and finds that they belong together", async () => {
    using desk = await Desk.make();
    // In any case of letters.
    const said = await desk.vault([
      "add",
      "ssh-key",
      "key",
      "--generate",
      "--key-type",
      keyType.toLowerCase(),
    ]);
    expect(said).toMatchObject({ status: 0, stdout: expect.stringContaining("postern vault download key") });
    await desk.vault(["download", "key"]);
    await desk.vault(["download", "key", "--private"]);
    const [file, facts] = [desk.folder.file("key"), await factsOf(desk)];
    expect(publicOf(file)).toBe(publicHalf(readFileSync(`${file}.pub`, "utf8")));
    expect(readFileSync(`${file}.pub`, "utf8")).toBe(`${facts["publicKey"]}\n`);
    expect(tool("ssh-keygen", ["-l", "-f", file]).split(" ").slice(1, 3)).toEqual([
      facts["fingerprint"],
      "key",
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  const forms = [
    ["OpenSSH's form", []],
    ["PEM", ["-m", "PEM"]],
    ["PKCS#8", ["-m", "PKCS8"]],
  ] as const;
  test.each(forms)("is taken from %s, and comes out in OpenSSH's", async (_form, format) => {
    using desk = await Desk.make();
    const file = makeKey(desk, ...made, ...format, "-N", "");
    expect(await add(desk, file)).toMatchObject({ status: 0, stderr: "" });
    expect(publicHalf((await factsOf(desk))["publicKey"] ?? "")).toBe(publicOf(file));
    expect((await factsOf(desk))["fingerprint"]).toBe(tool("ssh-keygen", ["-l", "-f", file]).split(" ")[1]);
    await desk.vault(["download", "key", "--private"]);
    expect(readFileSync(desk.folder.file("key"), "utf8")).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    expect(publicOf(desk.folder.file("key"))).toBe(publicOf(file));
  });

  test.each(forms)("in %s is opened with its passphrase alone, which is not kept", async (_form, format) => {
    using desk = await Desk.make();
    const file = makeKey(desk, ...made, ...format, "-N", "secret words");
    const refused = (reason: string) => ({ status: 1, stdout: "", stderr: expect.stringContaining(reason) });
    expect(await add(desk, file)).toMatchObject(refused("is encrypted"));
    const pass = (text: string) => ["--passphrase-file", desk.folder.write("pass.txt", text)];
    expect(await add(desk, file, ...pass("wrong"))).toMatchObject(refused("does not open"));
    expect(await add(desk, file, ...pass("secret words\n"))).toMatchObject({ status: 0 });
    const { secrets } = (await desk.open()).get("key");
    expect(Object.keys(secrets)).toEqual(["key"]);
    await desk.vault(["download", "key", "--private"]);
    expect(publicOf(desk.folder.file("key"))).toBe(publicHalf(readFileSync(`${file}.pub`, "utf8")));
  });
});

test("Ed25519 in the PKCS#8 that OpenSSL writes, which ssh-keygen does not, is taken too", async () => {
  using desk = await Desk.make();
  const { privateKey } = generateKeyPairSync("ed25519");
  const file = desk.folder.write("id.pem", privateKey.export({ type: "pkcs8", format: "pem" }));
  expect(await add(desk, file)).toMatchObject({ status: 0 });
  await desk.vault(["download", "key", "--private"]);
  expect(publicOf(desk.folder.file("key"))).toBe((await factsOf(desk))["publicKey"]);
});

test.each([
  "3des-cbc",
  ...["aes128", "aes192", "aes256"].flatMap((size) => [`${size}-cbc`, `${size}-ctr`]),
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
])("a key that is encrypted with %s opens, and with a wrong passphrase it does not", async (cipher) => {
  using desk = await Desk.make();
  const file = makeKey(desk, "-t", "ed25519", "-a", "1", "-Z", cipher, "-N", "right");
  const pass = (text: string) => ["--passphrase-file", desk.folder.write("pass.txt", text)];
  expect((await add(desk, file, ...pass("wrong"))).stderr).toContain("the passphrase does not open");
  expect(await add(desk, file, ...pass("right"))).toMatchObject({ status: 0 });
});

test("a key that is encrypted with a cipher not known here is refused with the way out", async () => {
  using desk = await Desk.make();
  const file = makeKey(desk, "-t", "ed25519", "-Z", "chacha20-poly1305@openssh.com", "-N", "right");
  expect((await add(desk, file)).stderr).toContain("cipher that is not known here; ssh-keygen -p -f FILE");
});

test("CRLF, a byte order mark and text around a key change nothing", async () => {
  using desk = await Desk.make();
  const file = makeKey(desk, "-t", "ed25519", "-N", "");
  const text = `\uFEFFBag Attributes\r\n${readFileSync(file, "utf8").replaceAll("\n", "\r\n")}after\r\n`;
  expect(await add(desk, desk.folder.write("odd", text))).toMatchObject({ status: 0 });
  expect((await factsOf(desk))["publicKey"]).toBe(readFileSync(`${file}.pub`, "utf8").trim());
});

test("EC PARAMETERS before the key, as OpenSSL writes them, are passed over", async () => {
  using desk = await Desk.make();
  const file = desk.folder.file("ec.pem");
  tool("openssl", ["ecparam", "-genkey", "-name", "prime256v1", "-out", file]);
  expect(readFileSync(file, "utf8")).toMatch(/^-----BEGIN EC PARAMETERS-----/);
  expect(await add(desk, file)).toMatchObject({ status: 0 });
});

describe("refused, each with its reason:", () => {
  const pem = (type: string, options: object): string => {
    const { privateKey } = (generateKeyPairSync as (type: string, options: object) => { privateKey: string })(
      type,
      {
        ...options,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
      },
    );
    return privateKey;
  };
  const made = (desk: Desk): string => readFileSync(makeKey(desk, "-t", "ed25519", "-N", ""), "utf8");
  const withBytes = (text: string, change: (bytes: Buffer) => Buffer): string => {
    const [first, last] = [text.slice(0, 36), text.slice(text.indexOf("-----END"))];
    const bytes = Buffer.from(text.slice(36, text.indexOf("-----END")), "base64");
    return `${first}${change(bytes).toString("base64").replaceAll(/.{70}/g, "$&\n")}\n${last}`;
  };
  test.each<[string, (desk: Desk) => string, string]>([
    [
      "a public key",
      (desk) => readFileSync(`${makeKey(desk, "-t", "rsa", "-N", "")}.pub`, "utf8"),
      "public key",
    ],
    [
      "a public key in RFC 4716's form",
      (desk) => tool("ssh-keygen", ["-e", "-f", makeKey(desk, "-t", "ed25519", "-N", "")]),
      "public key",
    ],
    [
      "a public key in PEM",
      (desk) => tool("ssh-keygen", ["-e", "-m", "PKCS8", "-f", makeKey(desk, "-t", "rsa", "-N", "")]),
      "public key",
    ],
    ["PuTTY's form", () => "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "puttygen"],
    ["garbage", () => "garbage", "it is not a private key, or it is damaged"],
    ["a key that is cut off", (desk) => made(desk).slice(0, 200), "damaged or cut off"],
    [
      "one changed byte",
      (desk) => withBytes(made(desk), (all) => all.fill(0, 170, 171)),
      "belongs to another key",
    ],
    ["no key inside", (desk) => withBytes(made(desk), (all) => all.fill(0, 35, 39)), "damaged"],
    ["DSA", () => pem("dsa", { modulusLength: 2048, divisorLength: 256 }), "its type is dsa"],
    [
      "a curve that SSH has no name for",
      () => pem("ec", { namedCurve: "secp256k1" }),
      "its type is secp256k1",
    ],
    ["Ed448", () => pem("ed448", {}), "its type is ed448"],
    ["RSA-PSS", () => pem("rsa-pss", { modulusLength: 2048 }), "its type is rsa-pss"],
    ["RSA with too few bits", () => pem("rsa", { modulusLength: 1016 }), "its type is rsa with 1016 bits"],
  ])("%s", async (_what, content, reason) => {
    using desk = await Desk.make();
    const before = await desk.open();
    const said = await add(desk, desk.folder.write("given", content(desk)));
    expect(said).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining(reason) });
    expect((await desk.open()).generation).toBe(before.generation);
  });

  test.each(["P-256", "RSA-3072"] as const)("a %s key whose private half is of another one", async (type) => {
    using desk = await Desk.make();
    const key = await makeSshKey(type, "me");
    const own = Buffer.from(key.key.export({ format: "jwk" }).d ?? "", "base64url");
    const mixed = withBytes(formatSshKey(key).expose(), (all) => {
      const at = all.indexOf(own);
      expect(at).toBeGreaterThan(0);
      all.writeUInt8(all.readUInt8(at + 20) ^ 1, at + 20);
      return all;
    });
    const said = await add(desk, desk.folder.write("mixed", mixed));
    expect(said).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("belongs to another key, or it is damaged"),
    });
  });

  test("a passphrase that is stretched for hours, before any of it is done", async () => {
    using desk = await Desk.make();
    const text = readFileSync(makeKey(desk, "-t", "ed25519", "-N", "words", "-a", "16"), "utf8");
    // The rounds follow the salt of 16 bytes: magic, aes256-ctr, bcrypt, the options' length, the salt.
    const slow = withBytes(text, (all) => {
      all.writeUInt32BE(0xffffffff, 15 + 14 + 10 + 4 + 20);
      return all;
    });
    const said = await add(
      desk,
      desk.folder.write("slow", slow),
      "--passphrase-file",
      desk.folder.write("pass", "words"),
    );
    expect(said).toMatchObject({ status: 1, stderr: expect.stringContaining("takes 4294967295 rounds") });
  });

  test("a type of key that cannot be made, and choices for a key that is there", async () => {
    using desk = await Desk.make();
    const generate = (type: string) =>
      desk.vault(["add", "ssh-key", "key", "--generate", "--key-type", type]);
    expect(await generate("dsa")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Ed25519, P-256"),
    });
    const file = makeKey(desk, "-t", "ed25519", "-N", "");
    expect(await add(desk, file, "--key-type", "P-256")).toMatchObject({ status: 2 });
  });
});

test("a kind without halves has no --private", async () => {
  using desk = await Desk.make();
  await desk.vault(["add", "bearer-token", "token", "--generate"]);
  expect(await desk.vault(["download", "token", "--private"])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("--private"),
  });
});

test("a key of an earlier version, kept as it was given with its passphrase, is still a key", async () => {
  using desk = await Desk.make();
  const file = makeKey(desk, "-t", "ed25519", "-N", "words");
  const secrets = { key: new Secret(readFileSync(file, "utf8")), passphrase: new Secret("words") };
  const facts = { publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
  const item = await (await desk.open()).add("old", "ssh-key", { facts, secrets });
  const { key } = await sshKeyOf(item);
  expect(createPrivateKey(key.export({ type: "pkcs8", format: "pem" })).asymmetricKeyType).toBe("ed25519");
});
