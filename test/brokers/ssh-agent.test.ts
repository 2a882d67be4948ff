import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postern } from "../support/process.ts";
import { eventually } from "../support/eventually.ts";
import { Desk, tool } from "../vault/desk.ts";
import { addEachType, addGenerated, run, SshStage, sshTypes } from "./ssh-stage.ts";

let stage: SshStage;
beforeAll(async () => (stage = await SshStage.start(addEachType)));
afterAll(() => stage[Symbol.asyncDispose]());

/** The file of a key's public half, downloaded. */
async function publicFile(type: string): Promise<string> {
  const name = type.toLowerCase();
  const { stdout } = await stage.desk.vault(["download", name, "--stdout"]);
  return stage.desk.folder.write(`${name}.pub`, stdout);
}

describe("ssh-add", () => {
  test("-l and -L list every key of the vault, by the names of their items", async () => {
    const { stdout: long } = await stage.run("ssh-add", ["-L"]);
    const items = (await stage.desk.open()).items();
    expect(long.trim().split("\n")).toEqual(items.map(({ facts }) => facts["publicKey"]));
    const { stdout: short } = await stage.run("ssh-add", ["-l"]);
    expect(
      short
        .trim()
        .split("\n")
        .map((line) => line.split(" ").slice(1, 3)),
    ).toEqual(items.map(({ name, facts }) => [facts["fingerprint"], name]));
  });

  test("-T finds that every key signs what its public half verifies", async () => {
    for (const [type] of sshTypes.filter(([type]) => type !== "RSA-3072"))
      expect(await stage.run("ssh-add", ["-T", await publicFile(type)])).toMatchObject({ status: 0 });
  });

  test("-T, which asks an RSA key for SHA-1, is refused, and the agent says why", async () => {
    expect(await stage.run("ssh-add", ["-T", await publicFile("RSA-3072")])).toMatchObject({ status: 1 });
    await eventually(() =>
      expect(stage.agent.stderr).toContain('wanted the RSA key "rsa-3072" to sign with SHA-1'),
    );
  });

  test("can neither add, nor remove, nor lock", async () => {
    const file = stage.desk.folder.file("foreign");
    tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
    const refused = { status: 1, stderr: expect.stringContaining("refused operation") };
    expect(await stage.run("ssh-add", [file])).toMatchObject(refused);
    expect(await stage.run("ssh-add", ["-d", file])).toMatchObject(refused);
    expect(await stage.run("ssh-add", ["-D"])).toMatchObject({ status: 1 });
    expect((await stage.run("ssh-add", ["-l"])).stdout.trim().split("\n")).toHaveLength(sshTypes.length);
  });
});

describe.each(sshTypes)("%s", (type) => {
  test("ssh-keygen -Y signs a file with it, and -Y verify accepts the signature for this file alone", async () => {
    const { folder } = stage.desk;
    const key = await publicFile(type);
    const file = folder.write(`${type}.txt`, "a text\n");
    const sign = ["-Y", "sign", "-f", key, "-n", "file", file];
    expect(await stage.run("ssh-keygen", sign)).toMatchObject({ status: 0 });
    const allowed = folder.write(`${type}.allowed`, `me ${readFileSync(key, "utf8")}`);
    const verify = ["-Y", "verify", "-f", allowed, "-I", "me", "-n", "file", "-s", `${file}.sig`];
    expect(await stage.run("ssh-keygen", verify, "a text\n")).toMatchObject({ status: 0 });
    expect((await stage.run("ssh-keygen", verify, "another\n")).status).not.toBe(0);
  });
});

test("keys follow the vault: added, renamed and removed ones show without a restart", async () => {
  const desk = stage.desk;
  const names = async (): Promise<readonly (string | undefined)[]> =>
    (await stage.run("ssh-add", ["-l"])).stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[2]);
  const before = await names();
  await addGenerated(desk, "later", "Ed25519");
  await eventually(async () => expect(await names()).toEqual([...before, "later"]));
  await desk.vault(["rename", "later", "sooner"]);
  await eventually(async () => expect(await names()).toEqual([...before, "sooner"]));
  await desk.vault(["remove", "sooner", "--yes"]);
  await eventually(async () => expect(await names()).toEqual(before));
});

test("a listing and a signature are recorded with the item's name, and no private half is written anywhere", async () => {
  using desk = await Desk.make();
  await addGenerated(desk, "deploy", "Ed25519");
  const socket = desk.folder.file("a.sock");
  await using agent = postern([
    "ssh-agent",
    "--socket",
    socket,
    "--config",
    desk.folder.file("postern.yaml"),
  ]);
  await agent.firstLine();
  const { stdout } = await desk.vault(["download", "deploy", "--stdout"]);
  const key = desk.folder.write("deploy.pub", stdout);
  expect(await run("ssh-add", ["-T", key], { socket, cwd: desk.folder.path })).toMatchObject({ status: 0 });
  await run("ssh-add", ["-l"], { socket, cwd: desk.folder.path });
  const log = readFileSync(desk.folder.file("audit.log"), "utf8");
  const entries = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ command }) => command === "ssh-agent");
  expect(entries).toContainEqual(expect.objectContaining({ action: "list", item: "deploy" }));
  expect(entries).toContainEqual(expect.objectContaining({ action: "sign", item: "deploy" }));
  const secret = (await desk.open()).get("deploy").secrets["key"]?.expose().split("\n")[4] ?? "";
  expect(secret.length).toBeGreaterThan(40);
  const { stdout: said, stderr } = await agent.stop();
  expect(`${said}${stderr}${log}`).not.toContain(secret);
});

describe("the socket", () => {
  const agentAt = (desk: Desk, socket: string) =>
    postern(["ssh-agent", "--socket", socket, "--config", desk.folder.file("postern.yaml")]);

  test("is its owner's alone, in a folder that is its owner's alone, and SIGTERM removes it", async () => {
    using desk = await Desk.make();
    const socket = desk.folder.file("made/agent.sock");
    await using agent = agentAt(desk, socket);
    expect(await agent.firstLine()).toBe(`SSH_AUTH_SOCK=${socket}; export SSH_AUTH_SOCK;`);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(desk.folder.file("made")).mode & 0o777).toBe(0o700);
    expect(await agent.stop("SIGTERM")).toMatchObject({ status: 0, stderr: "" });
    expect(() => lstatSync(socket)).toThrow("ENOENT");
  });

  test("has a line that a shell reads, also with a space and a quote in its path", async () => {
    using desk = await Desk.make();
    mkdirSync(desk.folder.file("it's here"));
    const socket = desk.folder.file("it's here/agent.sock");
    await using agent = agentAt(desk, socket);
    expect(tool("sh", ["-c", `${await agent.firstLine()} printenv SSH_AUTH_SOCK`])).toBe(`${socket}\n`);
  });

  test("stands in XDG_RUNTIME_DIR where there is one, else in a temporary folder that is removed", async () => {
    using desk = await Desk.make();
    const args = ["ssh-agent", "--config", desk.folder.file("postern.yaml")];
    await using there = postern(args, { env: { XDG_RUNTIME_DIR: desk.folder.path } });
    expect(await there.firstLine()).toContain(`SSH_AUTH_SOCK=${desk.folder.file("postern/ssh-agent.sock")};`);
    await using temporary = postern(args, { env: { XDG_RUNTIME_DIR: "", TMPDIR: desk.folder.path } });
    const [, folder = ""] = /^SSH_AUTH_SOCK=(.*)\/agent\.sock;/.exec(await temporary.firstLine()) ?? [];
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await temporary.stop();
    expect(() => lstatSync(folder)).toThrow("ENOENT");
  });

  test("of an agent that was killed is replaced", async () => {
    using desk = await Desk.make();
    const socket = desk.folder.file("agent.sock");
    await using killed = agentAt(desk, socket);
    await killed.firstLine();
    await killed.stop("SIGKILL");
    expect(lstatSync(socket).isSocket()).toBe(true);
    await using agent = agentAt(desk, socket);
    await agent.firstLine();
    expect(await agent.stop()).toMatchObject({ status: 0 });
  });

  test("of a program that answers is left to it", async () => {
    using desk = await Desk.make();
    const socket = desk.folder.file("agent.sock");
    const other = createServer((client) => client.end()).listen(socket);
    await once(other, "listening");
    expect(await agentAt(desk, socket).ended()).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("is in use"),
    });
    expect(lstatSync(socket).isSocket()).toBe(true);
    other.close();
  });

  test.each([
    ["a file", (path: string) => writeFileSync(path, "mine")],
    ["a folder", (path: string) => mkdirSync(path)],
  ])("does not take the place of %s", async (_what, make) => {
    using desk = await Desk.make();
    const socket = desk.folder.file("taken");
    make(socket);
    const before = desk.folder.contents();
    expect(await agentAt(desk, socket).ended()).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("is there already"),
    });
    expect(desk.folder.contents()).toMatchObject(before);
  });

  test.each([
    ["too long a path", `${"x".repeat(120)}/agent.sock`, "too long"],
    ["a folder in a folder that is not there", "a/b/agent.sock", "nor the one above"],
    ["a file in place of the folder", "postern.yaml/agent.sock", "not a folder"],
  ])("cannot have %s, and nothing is left behind", async (_what, path, reason) => {
    using desk = await Desk.make();
    const there = readdirSync(desk.folder.path);
    expect(await agentAt(desk, desk.folder.file(path)).ended()).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining(reason),
    });
    expect(readdirSync(desk.folder.path)).toEqual(there);
  });
});
