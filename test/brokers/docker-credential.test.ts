import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DockerRegistry } from "../support/docker-registry.ts";
import { writeOciImage } from "../support/oci-image.ts";
import { type Ended, postern, Program } from "../support/process.ts";
import { Desk } from "../vault/desk.ts";

const bin = join(import.meta.dirname, "../../bin");
const password = "canary-registry-e83b5f2a9c6d1704";
const notFound = "credentials not found in native keychain\n";

describe("the protocol", () => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.make();
    return () => desk[Symbol.dispose]();
  });
  const helper = (action: string, stdin = "") => desk.postern(["docker-credential", action], { stdin });
  const add = (name: string, ...args: string[]) =>
    desk.vault(["add", "registry-credentials", name, ...args, "--stdin"], { stdin: `${password}\n` });

  test("gives the credentials of the registry that is asked for, in whatever spelling", async () => {
    await add("hub", "--username", "puller");
    await add("ngc", "--image", "nvcr.io/nim/meta/llama-3.1-8b-instruct:latest");
    for (const server of ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io\n"]) {
      const { status, stdout, stderr } = await helper("get", server);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(JSON.parse(stdout)).toEqual({ ServerURL: server.trim(), Username: "puller", Secret: password });
    }
    expect(JSON.parse((await helper("get", "https://nvcr.io")).stdout)).toMatchObject({
      Username: "$oauthtoken",
    });
  });

  test("has the one text for a registry that the vault has nothing for", async () => {
    await add("ngc", "--registry", "nvcr.io");
    for (const server of [
      "ghcr.io",
      "nvcr.io:5000",
      "nvcr.io.evil.test",
      "evil.test/nvcr.io",
      "x@nvcr.io",
      "?",
    ])
      expect(await helper("get", server)).toEqual({ status: 1, stdout: notFound, stderr: "" });
  });

  test("lists each registry under Docker's own key", async () => {
    expect((await helper("list")).stdout).toBe("{}\n");
    await add("hub", "--username", "puller");
    await add("ngc", "--registry", "nvcr.io");
    expect(JSON.parse((await helper("list")).stdout)).toEqual({
      "https://index.docker.io/v1/": "puller",
      "nvcr.io": "$oauthtoken",
    });
  });

  const store = (server: string, username: string, secret: string) =>
    helper("store", JSON.stringify({ ServerURL: server, Username: username, Secret: secret }));

  test("stores a new registry as an item that is named after it, and puts a second password in its place", async () => {
    expect(await store("127.0.0.1:5000", "puller", "first-password")).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    await store("http://127.0.0.1:5000", "pusher", password);
    const items = (await desk.open()).items();
    expect(items).toMatchObject([
      { name: "127.0.0.1-5000", facts: { registry: "127.0.0.1:5000", username: "pusher" } },
    ]);
    expect(JSON.parse((await helper("get", "127.0.0.1:5000")).stdout)).toMatchObject({ Secret: password });
  });

  test("stores beside an item that has the registry's name already", async () => {
    await desk.vault(["add", "bearer-token", "ghcr.io", "--generate"]);
    await store("ghcr.io", "puller", password);
    expect((await desk.open()).items().map(({ name }) => name)).toEqual(["ghcr.io", "ghcr.io-2"]);
  });

  test("hands an identity token back as the token that it is", async () => {
    await store("team.azurecr.io", "<token>", "eyJ.identity.token");
    expect(JSON.parse((await helper("get", "team.azurecr.io")).stdout)).toEqual({
      ServerURL: "team.azurecr.io",
      Username: "<token>",
      Secret: "eyJ.identity.token",
    });
  });

  test("erases a registry, and what is not there", async () => {
    await add("ngc", "--registry", "nvcr.io");
    for (const server of ["nvcr.io", "nvcr.io", "https://nvcr.io"])
      expect(await helper("erase", server)).toEqual({ status: 0, stdout: "", stderr: "" });
    expect((await desk.open()).items()).toEqual([]);
  });

  test("does not guess between two credentials for one registry", async () => {
    await add("one", "--registry", "ghcr.io", "--username", "one");
    await add("two", "--registry", "ghcr.io", "--username", "two");
    for (const said of [await helper("get", "ghcr.io"), await helper("erase", "ghcr.io")]) {
      expect(said).toMatchObject({ status: 1, stderr: "" });
      expect(said.stdout).toMatch(
        /^the vault has several credentials for the registry ghcr\.io: one, two \(/,
      );
    }
    expect((await desk.open()).items()).toHaveLength(2);
  });

  const login = (fields: object): string =>
    JSON.stringify({ ServerURL: "ghcr.io", Username: "u", Secret: password, ...fields });
  test.each([
    ["get without a server", "get", "", "no credentials server URL\n"],
    ["erase without a server", "erase", " \n", "no credentials server URL\n"],
    ["store without a server", "store", login({ ServerURL: "" }), "no credentials server URL\n"],
    ["store without a user", "store", login({ Username: "" }), "no credentials username\n"],
    ["store of half an object", "store", login({}).slice(0, -1), /^standard input is not the JSON object/],
    ["store of a text", "store", JSON.stringify(password), /^standard input is not the JSON object/],
    ["store of null", "store", "null", /^standard input is not the JSON object/],
    [
      "store of a token of its own",
      "store",
      login({ ServerURL: "https://index.docker.io/v1/refresh-token" }),
      /^the server URL is not.*give docker login a user name/,
    ],
    ["store for no registry", "store", login({ ServerURL: "a b" }), /^the server URL is not/],
    ["store of a user with a colon", "store", login({ Username: "a:b" }), /colon/],
    ["store without a password", "store", login({ Secret: "" }), /empty/],
  ])("refuses %s on standard output, and quotes no secret", async (_name, action, stdin, text) => {
    const { status, stdout, stderr } = await helper(action, stdin);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(stdout).toEqual(typeof text === "string" ? text : expect.stringMatching(text));
    expect(stdout).not.toContain(password);
    expect((await desk.open()).items()).toEqual([]);
  });

  test("says on standard output, in one line, why the vault cannot be opened", async () => {
    desk.folder.write("vault.age", "not a vault");
    const { status, stdout, stderr } = await helper("get", "ghcr.io");
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(stdout).toMatch(/^\S.*vault\.age.*\n$/);
  });

  test("leaves each answer in the audit log, without the value", async () => {
    await add("ngc", "--registry", "nvcr.io");
    await helper("get", "nvcr.io");
    const log = readFileSync(desk.folder.file("audit.log"), "utf8");
    expect(log).toMatch(/"command":"docker-credential get".*"action":"docker-credential","item":"ngc"/);
    expect(log).not.toContain(password);
  });
});

describe("a registry that wants a password", () => {
  let registry: DockerRegistry;
  let desk: Desk;
  let image: string;
  beforeAll(async () => {
    [registry, desk] = await Promise.all([DockerRegistry.start("puller", password), Desk.make()]);
    image = writeOciImage(desk.folder.file("image"));
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    desk[Symbol.dispose]();
  });

  const env = (): NodeJS.ProcessEnv => ({
    HOME: desk.folder.path,
    DOCKER_CONFIG: desk.folder.file("docker"),
    POSTERN_CONFIG: desk.folder.file("postern.yaml"),
    // Nothing of the machine's own logins.
    XDG_RUNTIME_DIR: desk.folder.path,
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
  });
  const call = (program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    new Program(program, args, { env: { ...env(), ...more } }).ended();
  const skopeo = (...args: string[]) =>
    // skopeo knows Docker's configuration in the home folder only.
    call("skopeo", args, { HOME: desk.folder.file("home"), DOCKER_CONFIG: "" });

  test("is opened to skopeo and to the Docker CLI by the vault, and closed again by uninstall", async () => {
    const added = await postern(
      [
        "vault",
        "add",
        "registry-credentials",
        "local",
        "--image",
        `${registry.host}/team/app:1`,
        "--username",
        "puller",
        "--stdin",
      ],
      { env: env() },
    ).ended(password);
    expect(added).toMatchObject({ status: 0 });
    mkdirSync(desk.folder.file("home"));
    const target = `docker://${registry.host}/team/app:1`;
    const copy = ["copy", "--insecure-policy", "--dest-tls-verify=false", `oci:${image}`, target];
    const inspect = ["inspect", "--tls-verify=false", target];

    const before = await skopeo(...copy);
    expect(before.status).not.toBe(0);
    expect(before.stderr).toMatch(/authentication required|unauthorized/i);

    const toHome = { ...env(), HOME: desk.folder.file("home"), DOCKER_CONFIG: "" };
    const installed = await postern(["docker-credential", "install"], { env: toHome }).ended();
    expect(installed).toMatchObject({ status: 0, stderr: "" });
    expect(installed.stdout).toContain(
      `Docker now asks Postern for ${registry.host} (Docker-compatible registry)`,
    );

    expect(await skopeo(...copy)).toMatchObject({ status: 0 });
    const inspected = await skopeo(...inspect);
    expect(inspected).toMatchObject({ status: 0 });
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      Name: `${registry.host}/team/app`,
      RepoTags: ["1"],
    });

    const docker = (config: string) =>
      call("docker", ["manifest", "inspect", "--insecure", `${registry.host}/team/app:1`], {
        DOCKER_CONFIG: config,
      });
    const manifest = await docker(join(desk.folder.file("home"), ".docker"));
    expect(manifest).toMatchObject({ status: 0 });
    expect(JSON.parse(manifest.stdout)).toMatchObject({ schemaVersion: 2 });
    expect((await docker(desk.folder.file("elsewhere"))).status).not.toBe(0);

    await postern(["docker-credential", "uninstall"], { env: toHome }).ended();
    expect((await skopeo(...inspect)).status).not.toBe(0);

    for (const said of [added, before, installed, inspected, manifest])
      expect(said.stdout + said.stderr).not.toContain(password);
    expect(readFileSync(join(desk.folder.file("home"), ".docker/config.json"), "utf8")).not.toContain(
      password,
    );
  });

  test("is logged in to by docker login, which leaves the password in the vault and nowhere else", async () => {
    await postern(["docker-credential", "install", "--all"], { env: env() }).ended();
    const login = (stdin: string): Promise<Ended> =>
      new Program("docker", ["login", registry.host, "--username", "puller", "--password-stdin"], {
        env: { ...env(), DOCKER_HOST: "tcp://127.0.0.1:9" },
      }).ended(stdin);
    const said = await login(password);
    expect(said).toMatchObject({ status: 0 });
    expect(said.stdout).toContain("Login Succeeded");
    expect(readFileSync(join(desk.folder.file("docker"), "config.json"), "utf8")).not.toMatch(/"auth"\s*:/);
    const { items } = await desk.open().then((vault) => ({ items: vault.items() }));
    expect(items.map(({ facts }) => facts)).toEqual([{ registry: registry.host, username: "puller" }]);

    expect(await call("docker", ["logout", registry.host])).toMatchObject({ status: 0 });
    expect((await desk.open()).items()).toEqual([]);
  });
});

test("docker-credential-postern is found through a link, and ends as Docker expects", async () => {
  using desk = await Desk.make();
  symlinkSync(join(bin, "docker-credential-postern"), desk.folder.file("helper"));
  const env = { POSTERN_CONFIG: desk.folder.file("postern.yaml") };
  const get = new Program(desk.folder.file("helper"), ["get"], { env });
  expect(await get.ended("ghcr.io")).toEqual({ status: 1, stdout: notFound, stderr: "" });
});
