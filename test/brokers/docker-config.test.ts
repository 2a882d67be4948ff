import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { withHelper, withoutHelper } from "../../src/brokers/docker-config.ts";
import { Desk } from "../vault/desk.ts";

const file = "config.json";

describe("an edit of Docker's configuration", () => {
  test("names us for the registries, and keeps the rest as it was indented", () => {
    const before =
      '{\n  "auths": {\n    "a.test": {}\n  },\n  "credHelpers": {\n    "b.test": "ecr-login"\n  },\n  "x": 1\n}\n';
    const edit = withHelper(before, file, ["nvcr.io"], false);
    expect(edit).toMatchObject({ changed: ["nvcr.io"], left: [], plain: [] });
    expect(edit.text).toBe(before.replace('"ecr-login"\n', '"ecr-login",\n    "nvcr.io": "postern"\n'));
    expect(withHelper(edit.text, file, ["nvcr.io"], false)).toMatchObject({ text: edit.text, changed: [] });
  });

  test("writes a new one as Docker does, with tabs", () => {
    expect(withHelper("", file, ["nvcr.io"], false).text).toBe(
      '{\n\t"credHelpers": {\n\t\t"nvcr.io": "postern"\n\t}\n}\n',
    );
    expect(withHelper("", file, "all", false).text).toBe('{\n\t"credsStore": "postern"\n}\n');
  });

  test("leaves another helper where it is, unless it is told to", () => {
    const before = '{"credsStore":"osxkeychain","credHelpers":{"nvcr.io":"other"}}';
    expect(withHelper(before, file, ["nvcr.io"], false)).toMatchObject({
      text: before,
      left: [{ key: "nvcr.io", helper: "other" }],
    });
    expect(withHelper(before, file, "all", false)).toMatchObject({
      text: before,
      left: [{ key: "credsStore", helper: "osxkeychain" }],
    });
    expect(JSON.parse(withHelper(before, file, ["nvcr.io"], true).text)).toEqual({
      credsStore: "osxkeychain",
      credHelpers: { "nvcr.io": "postern" },
    });
  });

  test("tells of passwords that the file holds itself", () => {
    const before = '{"auths":{"nvcr.io":{"auth":"eA=="},"ghcr.io":{"auth":"eA=="},"a.test":{}}}';
    expect(withHelper(before, file, ["nvcr.io", "a.test"], false).plain).toEqual(["nvcr.io"]);
    expect(withHelper(before, file, "all", false).plain).toEqual(["nvcr.io", "ghcr.io"]);
  });

  test("is taken back whole, or for some registries", () => {
    const before =
      '{"credsStore":"postern","credHelpers":{"a.test":"postern","b.test":"postern","c.test":"x"}}';
    expect(JSON.parse(withoutHelper(before, file, "all").text)).toEqual({ credHelpers: { "c.test": "x" } });
    expect(JSON.parse(withoutHelper(before, file, ["a.test", "c.test"]).text)).toEqual({
      credsStore: "postern",
      credHelpers: { "b.test": "postern", "c.test": "x" },
    });
  });

  test.each([
    "[]",
    "null",
    "1",
    "{",
    "{'a':1}",
    '\uFEFF{"a":1}',
    '{"credHelpers":[]}',
    '{"credHelpers":"x"}',
    '{"auths":1}',
  ])("refuses %j, and quotes nothing of it", (text) => {
    expect(() => withHelper(text, file, ["nvcr.io"], false)).toThrow(/^config\.json is not a configuration/);
  });

  test("of any configuration, taken back, leaves what was there", () => {
    const object = fc.object({ key: fc.string(), maxDepth: 2 });
    fc.assert(
      fc.property(
        object,
        fc.dictionary(fc.domain(), fc.constant("other")),
        fc.uniqueArray(fc.domain()),
        (rest, helpers, keys) => {
          const { auths: _auths, credsStore: _store, ...others } = rest;
          const before = JSON.stringify({ ...others, credHelpers: { "kept.test": "x", ...helpers } });
          const { text } = withHelper(before, file, keys, false);
          const after = JSON.parse(text) as { credHelpers: Record<string, string> };
          for (const key of keys) expect(after.credHelpers[key]).toBe(helpers[key] ?? "postern");
          expect(JSON.parse(withoutHelper(text, file, "all").text)).toEqual(JSON.parse(before));
        },
      ),
    );
  });
});

describe("postern docker-credential install", () => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.make();
    mkdirSync(join(desk.folder.path, ".docker"));
    return () => desk[Symbol.dispose]();
  });
  const config = (): string => desk.folder.file(".docker/config.json");
  const install = (...args: string[]) =>
    desk.postern(["docker-credential", "install", ...args], {
      env: { PATH: join(import.meta.dirname, "../../bin") },
    });

  test("takes the registries of the vault, Docker Hub under both of its keys", async () => {
    for (const [name, registry] of [
      ["hub", "docker.io"],
      ["ngc", "nvcr.io"],
    ] as const)
      await desk.vault(
        [
          "add",
          "registry-credentials",
          name,
          "--registry",
          registry,
          ...(name === "hub" ? ["--username", "u"] : []),
          "--stdin",
        ],
        { stdin: "password" },
      );
    const { status, stdout, stderr } = await install();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "Docker now asks Postern for https://index.docker.io/v1/ (Docker Hub)",
      "Docker now asks Postern for docker.io (Docker Hub)",
      "Docker now asks Postern for nvcr.io (NVIDIA NGC)",
      `changed ${config()}`,
      "",
    ]);
    expect(statSync(config()).mode & 0o777).toBe(0o600);
    expect((await install()).stdout).toMatch(/^nothing to change: Docker asks Postern already/);
  });

  test("follows a link, keeps the file's mode, and leaves no other file behind", async () => {
    const real = desk.folder.file("dotfiles.json");
    writeFileSync(real, "{}");
    chmodSync(real, 0o640);
    symlinkSync(real, config());
    expect(await install("--registry", "https://nvcr.io/v2/")).toMatchObject({ status: 0 });
    expect(JSON.parse(readFileSync(real, "utf8"))).toEqual({ credHelpers: { "nvcr.io": "postern" } });
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(Object.keys(desk.folder.contents()).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  test("honours DOCKER_CONFIG, and makes its folder", async () => {
    await desk.postern(["docker-credential", "install", "--all"], {
      env: { DOCKER_CONFIG: desk.folder.file("d/e") },
    });
    expect(JSON.parse(readFileSync(desk.folder.file("d/e/config.json"), "utf8"))).toEqual({
      credsStore: "postern",
    });
    expect(statSync(desk.folder.file("d/e")).mode & 0o777).toBe(0o700);
    expect(existsSync(config())).toBe(false);
  });

  test("says what another helper keeps, and which password lies in the file", async () => {
    writeFileSync(config(), '{"auths":{"nvcr.io":{"auth":"Y2FuYXJ5LXBsYWlu"}},"credsStore":"desktop"}');
    const all = await install("--all");
    expect(all.stdout).toBe(
      'Docker\'s credsStore is "desktop", and stays; name registries for Postern with --registry HOST\n',
    );
    const one = await install("--registry", "nvcr.io");
    expect(one.stderr).toContain(`warning: ${config()} still holds a password for nvcr.io itself`);
    expect(one.stdout + one.stderr).not.toContain("Y2FuYXJ5");
  });

  test("leaves a file that is not Docker's as it is", async () => {
    writeFileSync(config(), "{ // a comment\n}");
    expect(await install("--all")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error: .*it is not JSON/) as string,
    });
    expect(readFileSync(config(), "utf8")).toBe("{ // a comment\n}");
  });

  test.each([
    [["--registry", "a b"], /"a b" is not a registry's host/],
    [["--all", "--registry", "nvcr.io"], /--all is for every registry/],
    [[], /the vault has no registry credentials yet/],
  ])("with %j says what is wrong, and changes nothing", async (args, message) => {
    const { status, stderr } = await install(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(config())).toBe(false);
  });

  test("warns where Docker would not find the helper", async () => {
    const { status, stderr } = await desk.postern(["docker-credential", "install", "--all"], {
      env: { PATH: "/nowhere" },
    });
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^warning: docker-credential-postern is not on PATH.*\nhint: export PATH="\/.*\/bin:\$PATH"\n$/,
    );
  });
});

describe("postern docker-credential pull-secret", () => {
  const password = "canary-registry-9c1f7d20";
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.make();
    await desk.vault(["add", "registry-credentials", "NGC_key", "--registry", "nvcr.io", "--stdin"], {
      stdin: password,
    });
    return () => desk[Symbol.dispose]();
  });
  const pull = (...args: string[]) => desk.postern(["docker-credential", "pull-secret", ...args]);

  test("is the Secret that Kubernetes takes for imagePullSecrets", async () => {
    const { status, stdout } = await pull("NGC_key", "--namespace", "models", "--reveal");
    expect(status).toBe(0);
    const [head, data = ""] = stdout.split("data:\n  .dockerconfigjson: ");
    expect(head).toBe(
      "apiVersion: v1\nkind: Secret\nmetadata:\n  name: ngc-key\n  namespace: models\ntype: kubernetes.io/dockerconfigjson\n",
    );
    expect(JSON.parse(Buffer.from(data, "base64").toString())).toEqual({
      auths: {
        "nvcr.io": {
          username: "$oauthtoken",
          password,
          auth: Buffer.from(`$oauthtoken:${password}`).toString("base64"),
        },
      },
    });
  });

  test("goes into a new file that only its owner can read, and over no other", async () => {
    const said = await pull("NGC_key", "--name", "pull", "--out", "secret.yaml");
    expect(said).toEqual({ status: 0, stdout: `wrote ${desk.folder.file("secret.yaml")}\n`, stderr: "" });
    expect(statSync(desk.folder.file("secret.yaml")).mode & 0o777).toBe(0o600);
    expect(await pull("NGC_key", "--out", "secret.yaml")).toMatchObject({ status: 1 });
  });

  test.each([
    ["without a place to write it", ["NGC_key"], /holds the password, so it is written only where you say/],
    ["with two places", ["NGC_key", "--reveal", "--out", "x"], /holds the password/],
    ["with a name that Kubernetes does not take", ["NGC_key", "--reveal", "--name", "A_b"], /--name: "A_b"/],
    ["with such a namespace", ["NGC_key", "--reveal", "--namespace", "a.b"], /--namespace: "a\.b"/],
    ["of nothing", ["nothing", "--reveal"], /no item named "nothing"/],
  ])("%s is refused, and shows nothing", async (_name, args, message) => {
    const { status, stdout, stderr } = await pull(...args);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
  });
});
