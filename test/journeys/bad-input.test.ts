import { once } from "node:events";
import { chmodSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Folder } from "../support/folder.ts";
import { postern } from "../support/process.ts";

let folder: Folder;
let config: string;
beforeEach(async () => {
  folder = new Folder();
  config = folder.file("postern.yaml");
  expect(await postern(["init", "--dir", folder.path]).ended()).toMatchObject({ status: 0 });
  folder.write("token.txt", "canary-bearer-bad-input-77aa");
  const add = [
    "vault",
    "add",
    "bearer-token",
    "token",
    "--file",
    folder.file("token.txt"),
    "--config",
    config,
  ];
  expect(await postern(add).ended()).toMatchObject({ status: 0 });
  configure(["127.0.0.1:0"]);
});
afterEach(() => folder[Symbol.dispose]());

function configure(listen: readonly string[], rest = ""): void {
  const endpoints = "endpoints:\n  private:\n    url: https://127.0.0.1:1/v1\n    credentials: [token]\n";
  writeFileSync(config, `listen: ${JSON.stringify(listen)}\nadmin: 127.0.0.1:0\n${endpoints}${rest}`);
}

/** Runs a command that must fail: in one message with its way out, and with every file as it was. */
async function fails(args: readonly string[], status: 1 | 2, says: RegExp): Promise<void> {
  const before = folder.contents();
  const ended = await postern([...args, "--config", config]).ended();
  expect(ended.stderr).toMatch(says);
  const lines = ended.stderr.split("\n");
  expect(lines.filter((line) => line.startsWith("error: "))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith("hint: "))).toHaveLength(1);
  expect(ended.stderr).not.toMatch(/\n\s+at |node:internal|canary/);
  expect([ended.status, ended.stdout]).toEqual([status, ""]);
  expect(folder.contents()).toEqual(before);
}

const commands: readonly (readonly string[])[] = [["serve"], ["vault", "list"]];

describe("an address in use", () => {
  for (const key of ["listen", "admin"] as const)
    test(`of ${key} ends serve, which names it`, async () => {
      const other = createServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
      if (key === "listen") configure(["127.0.0.1:0", address]);
      else writeFileSync(config, readFileSync(config, "utf8").replace(/^admin: .*$/m, `admin: ${address}`));
      await fails(["serve"], 1, new RegExp(`${address} is in use`));
      other.close();
    });
});

describe("a vault that cannot be read", () => {
  for (const command of commands) {
    const name = `postern ${command.join(" ")}`;
    test(`${name} with the identity of another vault`, async () => {
      using another = new Folder();
      expect(await postern(["init", "--dir", another.path]).ended()).toMatchObject({ status: 0 });
      writeFileSync(folder.file("identity.txt"), readFileSync(another.file("identity.txt")));
      await fails(command, 1, /was not sealed for the identity/);
    });

    test(`${name} when it is truncated`, async () => {
      truncateSync(folder.file("vault.age"), readFileSync(folder.file("vault.age")).length - 40);
      await fails(command, 1, /vault\.age is damaged/);
    });

    test(`${name} when it is empty`, async () => {
      truncateSync(folder.file("vault.age"), 0);
      await fails(command, 1, /vault\.age is damaged/);
    });

    test(`${name} when its identity is not there`, async () => {
      rmSync(folder.file("identity.txt"));
      await fails(command, 1, /the vault is locked/);
    });

    test(`${name} when others can read the identity`, async () => {
      chmodSync(folder.file("identity.txt"), 0o644);
      await fails(command, 1, /others can read .*identity\.txt/);
    });

    test(`${name} when the identity is none`, async () => {
      writeFileSync(folder.file("identity.txt"), "hello\n");
      await fails(command, 1, /is not an age identity/);
    });
  }
});

describe("a configuration that is none", () => {
  const levels = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
  // Nine levels of nine references each: 9^9 nodes for whoever expands them.
  const bomb = levels
    .map(
      (name, level) =>
        `${name}: &${name} [${Array(9)
          .fill(level === 0 ? "x" : `*${levels[level - 1]}`)
          .join()}]\n`,
    )
    .join("");
  const cases: Record<string, readonly [text: string | Buffer, says: RegExp]> = {
    "unknown keys, each with what was meant": [
      "listne: []\nendpoint: {}\n",
      /listne[\s\S]*listen[\s\S]*endpoint/,
    ],
    "no YAML": ["endpoints: [\n", /postern\.yaml:\d+/],
    "a YAML bomb": [bomb, /postern\.yaml/],
    "bytes that are no text": [Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]), /postern\.yaml/],
    "a bare number for a duration": ["timeouts: { connect: 30 }\n", /"10s"/],
    "a listener that others could reach": ["listen: ['0.0.0.0:8080']\n", /0\.0\.0\.0/],
  };
  for (const [name, [text, says]] of Object.entries(cases))
    test(name, async () => {
      writeFileSync(config, text);
      await fails(["serve"], 2, says);
      await fails(["check"], 2, says);
    });

  test("a file that is not there, or is a folder", async () => {
    const before = folder.contents();
    for (const path of [folder.file("nosuch.yaml"), folder.path]) {
      const ended = await postern(["serve", "--config", path]).ended();
      expect([ended.status, ended.stdout]).toEqual([2, ""]);
      expect(ended.stderr).toMatch(/^error: .*\nhint: .*\n$/);
    }
    expect(folder.contents()).toEqual(before);
  });
});

describe("a certificate that is not one", () => {
  const cases: Record<string, readonly [content: string | Buffer, says: RegExp]> = {
    text: ["hello\n", /holds no certificate/],
    nothing: ["", /holds no certificate/],
    bytes: [Buffer.from([0x30, 0x82, 0xff, 0x00]), /neither DER nor PKCS#12/],
    "a PEM block with rubbish in it": [
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      /certificate/,
    ],
  };
  for (const [name, [content, says]] of Object.entries(cases))
    test(name, async () => {
      const pem = folder.write("gen-cert.pem", content);
      await fails(["vault", "add", "certificate", "gen-cert", "--pem", pem], 1, says);
    });
});

describe("wrong usage", () => {
  const cases: Record<string, readonly string[]> = {
    "an unknown option": ["serve", "--nosuch"],
    "an unknown subcommand": ["vault", "ad"],
    "an unknown kind": ["vault", "add", "bearer-tokn", "x", "--generate"],
    "a missing argument": ["endpoint", "add", "x"],
  };
  for (const [name, args] of Object.entries(cases)) test(name, () => fails(args, 2, /^error: /));

  test("an unknown command", async () => {
    const ended = await postern(["srve"]).ended();
    expect([ended.status, ended.stdout]).toEqual([2, ""]);
    expect(ended.stderr).toMatch(/^error: .*\nhint: .*serve.*\n$/);
  });
});
