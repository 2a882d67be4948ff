import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { digestOf } from "../../src/config/local-keys.ts";
import { postern } from "../config/support.ts";
import { Folder } from "../support/folder.ts";

const before = `# mine
listen: [127.0.0.1:8080]   # the usual

endpoints:
  private-2:
    url: https://private-2.example.com/openai/v1
    credentials: [gen-cert]
# the end
`;

/** A folder with a configuration, and the command in it. */
function desk(text = before) {
  const folder = new Folder();
  const file = folder.write("postern.yaml", text);
  return {
    folder,
    text: () => readFileSync(file, "utf8"),
    key: (...args: readonly string[]) => postern(folder, ["key", ...args, "--config", file]),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test("a key is printed alone, once, and the file gets its hash and keeps every other line", async () => {
  using d = desk();
  const { status, stdout, stderr } = await d.key("add", "editor");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^postern-[\w-]{43}\n$/);
  const key = stdout.trim();
  expect(stderr).not.toContain(key);
  expect(stderr).toContain("every request to the gateway needs a key");
  expect(d.text()).toBe(`${before}keys:\n  editor:\n    hash: sha256:${digestOf(key)}\n`);
  const list = await d.key("list");
  expect(list.stdout).toContain("editor");
  expect(list.stdout + (await d.key("list", "--json")).stdout).not.toContain(key.slice(8));
});

test("two keys are two", async () => {
  using d = desk();
  const one = (await d.key("add", "one")).stdout;
  const two = (await d.key("add", "two")).stdout;
  expect(one).not.toBe(two);
  expect(JSON.parse((await d.key("list", "--json")).stdout)).toMatchObject([
    { name: "one" },
    { name: "two" },
  ]);
});

test("who made and removed a key stands in the audit log; no refusal, and never the key", async () => {
  using d = desk();
  const key = (await d.key("add", "editor")).stdout.trim();
  await d.key("add", "editor");
  await d.key("add", "wrong", "--endpoint", "nowhere");
  // Perhaps the key itself, in the place of its name.
  await d.key("remove", key);
  await d.key("remove", "editor");
  const log = readFileSync(d.folder.file("audit.log"), "utf8");
  const uses = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(uses.map(({ command, action, about, error }) => [command, action, about, error])).toEqual([
    ["key add", "key-add", "editor", undefined],
    ["key remove", "key-remove", "editor", undefined],
  ]);
  expect(log).not.toContain(key);
});

test("what it may use is written and listed", async () => {
  using d = desk();
  const options = [
    "--endpoint",
    "private-2",
    "--model",
    "a/b",
    "--model",
    "c",
    "--requests-per-minute",
    "60",
  ];
  const more = ["--tokens-per-minute", "100000", "--concurrency", "4"];
  expect((await d.key("add", "editor", ...options, ...more)).status).toBe(0);
  expect(d.text()).toContain(
    "    endpoints: [private-2]\n    models: [a/b, c]\n    limits:\n      requests-per-minute: 60\n" +
      "      tokens-per-minute: 100000\n      concurrency: 4\n",
  );
  expect((await d.key("list")).stdout).toContain(
    "editor  private-2  a/b, c  60 requests/min, 100000 tokens/min, 4 at once",
  );
  expect(JSON.parse((await d.key("list", "--json")).stdout)).toEqual([
    {
      name: "editor",
      endpoints: ["private-2"],
      models: ["a/b", "c"],
      limits: { requestsPerMinute: 60, tokensPerMinute: 100_000, concurrency: 4 },
    },
  ]);
});

test("--out writes the key to a file of its owner's alone, and prints it nowhere", async () => {
  using d = desk();
  const out = d.folder.file("editor.key");
  const { status, stdout, stderr } = await d.key("add", "editor", "--out", "editor.key", "--json");
  expect(status).toBe(0);
  const key = readFileSync(out, "utf8").trim();
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(d.text()).toContain(digestOf(key));
  expect(stdout + stderr).not.toContain(key);
  expect(JSON.parse(stdout)).toMatchObject({ name: "editor", keyFile: out });
});

test("a file that is there is left as it is, and so is postern.yaml", async () => {
  using d = desk();
  const contents = d.folder.contents();
  const { status, stderr } = await d.key("add", "editor", "--out", "postern.yaml");
  expect(status).toBe(1);
  expect(stderr).toContain("is there already");
  expect(d.folder.contents()).toEqual(contents);
});

test("after a refusal no file is left behind", async () => {
  using d = desk();
  const contents = d.folder.contents();
  for (const args of [
    ["editor", "--endpoint", "private-3", "--out", "editor.key"],
    ["no name", "--out", "editor.key"],
    ["editor", "--concurrency", "0", "--out", "editor.key"],
    ["editor", "--tokens-per-minute", "many", "--out", "editor.key"],
  ]) {
    const { status, stderr } = await d.key("add", ...args);
    expect(status, args.join(" ")).toBe(2);
    expect(stderr).toMatch(/^error: .+\nhint: .+/s);
  }
  expect(d.folder.contents()).toEqual(contents);
});

test("a name that is taken is refused, and its key stays", async () => {
  using d = desk();
  await d.key("add", "editor");
  const text = d.text();
  const { status, stderr } = await d.key("add", "editor");
  expect(status).toBe(1);
  expect(stderr).toContain("postern key remove editor");
  expect(d.text()).toBe(text);
});

test("the last key that is removed leaves the gateway closed, and the command says so", async () => {
  using d = desk();
  expect((await d.key("list")).stdout).toContain("no key is demanded");
  await d.key("add", "one");
  await d.key("add", "two");
  expect((await d.key("remove", "one")).stdout).not.toContain("last");
  expect((await d.key("remove", "two")).stdout).toContain("every request is refused");
  expect(d.text()).toBe(`${before}keys:\n`);
  expect((await d.key("list")).stdout).toContain("every request is refused");
  expect((await d.key("add", "three")).status).toBe(0);
});

test("a name that is not there is told, with the one that was meant", async () => {
  using d = desk();
  await d.key("add", "editor");
  const { status, stderr } = await d.key("remove", "edtor");
  expect(status).toBe(1);
  expect(stderr).toContain('did you mean "editor"?');
});

test("a key that somebody writes into the file in its hash's place is refused and never shown", async () => {
  const canary = "postern-canary-local-key-8f21";
  for (const written of [
    `{ hash: ${canary} }`,
    canary,
    `{ key: ${canary} }`,
    `[${canary}]`,
    `{ hash: [${canary}] }`,
  ]) {
    using d = desk(`${before}keys:\n  editor: ${written}\n`);
    const { status, stdout, stderr } = await d.key("list");
    expect(status).toBe(2);
    expect(stderr).toContain("keys.editor");
    expect(stdout + stderr).not.toContain("canary");
  }
});

test("a name that is the console's is refused as that, and a name of the wrong form as such", async () => {
  using d = desk();
  const own = await d.key("add", "console");
  expect([own.status, own.stderr]).toEqual([
    2,
    "error: \"console\" is the name of the console's own key\nhint: choose another name, such as the application's\n",
  ]);
  expect((await d.key("add", "a b")).stderr).toMatch(/"a b" cannot name a key\nhint: use up to 64 letters/);
});
