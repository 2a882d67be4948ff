import { armor, Encrypter, generateX25519Identity } from "age-encryption";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { isWrapped, readIdentity, writeIdentity } from "../../src/vault/identity/identity.ts";
import { mostLogN, scryptRecipient, workFactorFor } from "../../src/vault/identity/scrypt.ts";
import { Folder } from "../support/folder.ts";
import { Desk, tool } from "./desk.ts";

const passphrase = "canary passphrase 7f3a";
const prompt = { prompt: true } as const;
const wrapped = (desk: Desk) => isWrapped(readFileSync(desk.identityFile));
const typed = { terminal: true, stdin: `${passphrase}\n` };

/** A desk whose identity is encrypted with the passphrase. */
async function lockedDesk(): Promise<Desk> {
  const desk = await Desk.make();
  const file = desk.folder.write("pass.txt", `${passphrase}\n`);
  expect(await desk.vault(["passphrase", "--passphrase-file", file])).toMatchObject({
    status: 0,
    stderr: "",
  });
  return desk;
}

/** Says in the configuration where the passphrase is. */
function sayWhere(desk: Desk, place: string): void {
  const text = readFileSync(desk.folder.file("postern.yaml"), "utf8");
  desk.folder.write("postern.yaml", `${text}passphrase: ${place}\n`);
}

/** Has expect answer the program's question, as a person at a terminal does. */
const age = (args: readonly string[], answer: string) =>
  spawnSync("script", ["-qec", ["age", ...args].join(" "), "/dev/null"], {
    input: `${answer}\n`,
    encoding: "utf8",
  });

describe("an encrypted identity", () => {
  test("opens the vault with the passphrase that is typed, and with no other", async () => {
    using desk = await lockedDesk();
    expect(wrapped(desk)).toBe(true);
    expect(statSync(desk.identityFile).mode & 0o777).toBe(0o600);
    expect(await desk.vault(["list"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("nobody is there"),
    });
    expect(await desk.vault(["list"], typed)).toMatchObject({ status: 0 });
    const wrong = await desk.vault(["list"], { terminal: true, stdin: "another one\n" });
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining("does not open the identity") });
  });

  test.each(["file:pass.txt", "credential:pass.txt"])("takes its passphrase from %s", async (place) => {
    using desk = await lockedDesk();
    sayWhere(desk, place);
    const env = { CREDENTIALS_DIRECTORY: desk.folder.path };
    expect(await desk.vault(["list"], { env })).toMatchObject({ status: 0 });
    chmodSync(desk.folder.file("pass.txt"), 0o644);
    expect(await desk.vault(["list"], { env })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("chmod 600"),
    });
    rmSync(desk.folder.file("pass.txt"));
    expect(await desk.vault(["list"], { env })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("pass.txt"),
    });
  });

  test("takes its passphrase from a descriptor", async () => {
    using desk = await lockedDesk();
    const fd = openSync(desk.folder.file("pass.txt"), "r");
    sayWhere(desk, `fd:${fd}`);
    expect(await desk.vault(["list"])).toMatchObject({ status: 0 });
    closeSync(fd);
    expect(await desk.vault(["list"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("descriptor"),
    });
  });

  test("is one that Debian's age opens, and one that age makes opens the vault", async () => {
    using desk = await Desk.make();
    const plain = desk.folder.write("plain.txt", readFileSync(desk.identityFile));
    const identity = await desk.identity();
    await writeIdentity({ file: desk.identityFile, passphrase: prompt }, identity, {
      now: new Date(),
      passphrase: new Secret(passphrase),
    });
    const read = age(["-d", "-i", desk.identityFile, desk.vaultFile], passphrase);
    expect(read.stdout).toContain('"format":"postern-vault"');
    for (const armored of [[], ["-a"]]) {
      rmSync(desk.identityFile);
      spawnSync(
        "script",
        ["-qec", `age -p ${armored.join(" ")} -o ${desk.identityFile} ${plain}`, "/dev/null"],
        {
          input: `${passphrase}\n${passphrase}\n`,
        },
      );
      chmodSync(desk.identityFile, 0o600);
      expect(await desk.vault(["list"], typed), armored.join()).toMatchObject({ status: 0 });
    }
  });

  test("that asks for more memory than it gets is refused before any is taken", async () => {
    using desk = await Desk.make();
    const encrypter = new Encrypter();
    encrypter.addRecipient(scryptRecipient(new Secret("x"), 10));
    const cheap = Buffer.from(await encrypter.encrypt(await generateX25519Identity())).toString("latin1");
    const header = cheap.replace(/^(-> scrypt \S+) 10$/m, `$1 ${mostLogN + 1}`);
    writeFileSync(desk.identityFile, armor.encode(Buffer.from(header, "latin1")));
    expect(await desk.vault(["list"], typed)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("more than 1 GiB"),
    });
  });

  test.each([10, 100, 200])("that was cut off at byte %i is refused", async (length) => {
    using desk = await lockedDesk();
    writeFileSync(desk.identityFile, readFileSync(desk.identityFile).subarray(0, length));
    expect((await desk.vault(["list"], typed)).stderr).toMatch(
      /^(Passphrase.*)?\s*error: .*(age identity|altered|passphrase)/s,
    );
  });

  test("takes another passphrase, and gives it up again", async () => {
    using desk = await lockedDesk();
    const file = desk.folder.write("other.txt", "another passphrase\n");
    expect(await desk.vault(["passphrase", "--passphrase-file", file], typed)).toMatchObject({ status: 0 });
    expect(await desk.vault(["list"], typed)).toMatchObject({ status: 1 });
    const other = { terminal: true, stdin: "another passphrase\n" };
    expect(await desk.vault(["passphrase", "--remove"], other)).toMatchObject({ status: 0 });
    expect(await desk.vault(["list"])).toMatchObject({ status: 0 });
  });

  test("a passphrase of seven characters is refused", async () => {
    using desk = await Desk.make();
    const file = desk.folder.write("short.txt", "1234567\n");
    expect(await desk.vault(["passphrase", "--passphrase-file", file])).toMatchObject({ status: 2 });
    expect(wrapped(desk)).toBe(false);
  });
});

describe("unlock", () => {
  test("opens the identity for the next commands until lock, in a folder that only its user enters", async () => {
    using desk = await lockedDesk();
    const env = { XDG_RUNTIME_DIR: desk.folder.file("run") };
    mkdirSync(env.XDG_RUNTIME_DIR, { mode: 0o700 });
    expect(await desk.vault(["unlock"], { ...typed, env })).toMatchObject({ status: 0 });
    expect(await desk.vault(["list"], { env })).toMatchObject({ status: 0 });
    const open = Object.entries(desk.folder.contents()).filter(([name]) => name.startsWith("run/"));
    expect(open).toEqual([
      [expect.stringMatching(/^run\/postern\/\w+\.key$/), expect.stringMatching(/^600 /)],
    ]);
    expect(statSync(`${env.XDG_RUNTIME_DIR}/postern`).mode & 0o777).toBe(0o700);
    expect(await desk.vault(["lock"], { env })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("locked\n"),
    });
    expect(await desk.vault(["list"], { env })).toMatchObject({ status: 1 });
    expect(await desk.vault(["lock"], { env })).toMatchObject({
      stdout: expect.stringContaining("locked already"),
    });
  });

  test("is of no use for another passphrase's file, and not taken from where others could have put it", async () => {
    using desk = await lockedDesk();
    const env = { XDG_RUNTIME_DIR: desk.folder.file("run") };
    mkdirSync(env.XDG_RUNTIME_DIR, { mode: 0o700 });
    await desk.vault(["unlock"], { ...typed, env });
    const name = Object.keys(desk.folder.contents()).find((name) => name.startsWith("run/")) ?? "";
    chmodSync(desk.folder.file(name), 0o644);
    expect(await desk.vault(["list"], { env })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("0644"),
    });
  });

  test("without a folder in memory is refused, and so is an identity without a passphrase", async () => {
    using desk = await lockedDesk();
    expect(await desk.vault(["unlock"], typed)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("XDG_RUNTIME_DIR"),
    });
    using open = await Desk.make();
    expect(await open.vault(["lock"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("nothing to lock"),
    });
  });
});

test("init encrypts the identity that it makes", async () => {
  using desk = await Desk.make();
  const file = desk.folder.write("pass.txt", `${passphrase}\n`);
  const dir = desk.folder.file("new");
  expect(await desk.postern(["init", "--dir", dir, "--passphrase-file", file])).toMatchObject({ status: 0 });
  expect(isWrapped(readFileSync(`${dir}/identity.txt`))).toBe(true);
});

test("the passphrase and the key stand in nothing that a command writes", async () => {
  using desk = await lockedDesk();
  const said = await desk.vault(["list"], typed);
  const { key } = await readIdentity(
    { file: desk.identityFile, passphrase: { file: desk.folder.file("pass.txt") } },
    { env: {} },
  );
  for (const secret of [passphrase, key.expose()])
    expect(
      `${said.stdout}${said.stderr}${readFileSync(desk.folder.file("audit.log"), "utf8")}`,
    ).not.toContain(secret);
});

test("the work factor fits the memory at hand, within its bounds", () => {
  const MiB = 1024 * 1024;
  expect([0, 64, 300, 511, 512, 4096].map((free) => workFactorFor(free * MiB))).toEqual([
    15, 15, 17, 17, 18, 18,
  ]);
});

test("the event loop goes on while a passphrase is worked on", async () => {
  using folder = new Folder();
  const identity = { file: "x", key: new Secret(await generateX25519Identity()), recipient: "age1x" };
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const place = { file: folder.file("id.txt"), passphrase: prompt };
  await writeIdentity(place, identity, { now: new Date(), passphrase: new Secret(passphrase) });
  clearInterval(timer);
  // A blocked loop takes no turn at all between the beginning and the end.
  expect(turns).toBeGreaterThan(5);
});

test("age's own tool agrees with the public key in the comment of a new identity", async () => {
  using desk = await Desk.make();
  const { recipient } = await desk.identity();
  expect(tool("age-keygen", ["-y", desk.identityFile]).trim()).toBe(recipient);
});

test.each(["identity.txt", "vault.age"])(
  "a folder in which everybody can replace %s is refused",
  async (name) => {
    using desk = await Desk.make();
    const folder = desk.folder.file("shared");
    mkdirSync(folder);
    writeFileSync(`${folder}/${name}`, readFileSync(desk.folder.file(name)), { mode: 0o600 });
    const file = name === "vault.age" ? `${folder}/${name}` : desk.vaultFile;
    const identity = name === "identity.txt" ? `${folder}/${name}` : desk.identityFile;
    const { openVault } = await import("../../src/vault/vault.ts");
    chmodSync(folder, 0o777);
    await expect(openVault({ file, identity })).rejects.toMatchObject({ code: "vault_folder_exposed" });
    // As Kubernetes mounts it: only the owner of a file can replace it.
    chmodSync(folder, 0o1777);
    await openVault({ file, identity });
  },
);
