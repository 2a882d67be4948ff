import { describe, expect, test } from "vitest";
import { postern } from "../config/support.ts";
import { Folder } from "../support/folder.ts";

const canary = "Canary-typed-secret-8b1f";

describe("a secret that is typed where none belongs is repeated in no error", () => {
  test.each([
    [
      "an argument too many",
      ["vault", "rotate", "tok", canary],
      "postern vault rotate takes one argument, not 2",
    ],
    ["an argument where none is", ["vault", "list", canary], "postern vault list takes no argument, not 1"],
    ["a key", ["key", "add", "editor", canary], "postern key add takes one argument, not 2"],
    ["a value of a new item", ["vault", "add", "bearer-token", "tok", canary], "takes 2 arguments, not 3"],
    [
      "a choice",
      ["endpoint", "add", "a", "a.test", "--credential", "t", "--type", canary],
      "--type cannot be that",
    ],
    ["a quote in a choice", ["audit", "--action", `a' is invalid. ${canary}`], "--action cannot be that"],
    ["a number", ["key", "add", "editor", "--concurrency", canary], "it takes a whole number from 1"],
    [
      "a dash before it",
      ["vault", "show", `-${canary}`],
      "what was given is not an option of postern vault show",
    ],
    ["two dashes", ["vault", "show", `--${canary}`], "what was given is not an option of postern vault show"],
    ["an equals sign", ["vault", "show", "tok", `--reveal=${canary}`], '"--reveal" is not an option'],
    ["a subcommand", ["vault", canary], "what was given is not a subcommand of postern vault"],
  ])("%s", async (_, args, says) => {
    using folder = new Folder();
    const { status, stdout, stderr } = await postern(folder, args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("anary");
    expect(stderr).toMatch(/^error: [^\n]*[^.\n]\nhint: [^\n]*[^.\n]\n$/);
  });
});

describe("wrong usage is told in our own words", () => {
  test.each([
    [["vault", "show"], "the argument NAME is missing", "see postern vault show --help"],
    [["endpoint", "add", "a", "a.test"], "--credential is missing", "see postern endpoint add --help"],
    [["serve", "--config"], "--config is given without its value", "see postern serve --help"],
    [
      ["vault", "lst"],
      '"lst" is not a subcommand of postern vault',
      "did you mean list? see postern vault --help",
    ],
    [
      ["serve", "--confg", "x"],
      '"--confg" is not an option of postern serve',
      "did you mean --config? see postern serve --help",
    ],
    [
      ["endpoint", "add", "--credential", "c", "a", "a.test"],
      "the argument NAME is missing",
      "see postern endpoint add --help; it stands before --credential, --model, --alias, or behind --",
    ],
    [["vault"], "a subcommand is missing", "see postern vault --help"],
  ])("%j", async (args, message, hint) => {
    using folder = new Folder();
    expect(await postern(folder, args)).toEqual({
      status: 2,
      stdout: "",
      stderr: `error: ${message}\nhint: ${hint}\n`,
    });
  });
});

test("an option with several values takes all behind it, or is repeated", async () => {
  using folder = new Folder();
  const run = async (...args: readonly string[]) => {
    const said = await postern(folder, args, { POSTERN_CONFIG: folder.file("postern.yaml") });
    expect(said, said.stderr).toMatchObject({ status: 0 });
    return said.stdout;
  };
  await run("init", "--dir", ".");
  for (const name of ["one", "two"]) {
    folder.write(name, `token-${name}`);
    await run("vault", "add", "bearer-token", "--file", name, name);
  }
  await run("endpoint", "add", "e", "e.test", "--credential", "one", "--model", "a", "--model", "b");
  await run("endpoint", "add", "--alias", "x=c", "y=c", "--credential", "two", "--", "f", "f.test");
  const endpoints: unknown = JSON.parse(await run("endpoint", "list", "--json"));
  expect(endpoints).toMatchObject([
    { name: "e", credentials: ["one"], models: ["a", "b"] },
    { name: "f", credentials: ["two"], aliases: { x: "c", y: "c" } },
  ]);
  await run("key", "add", "editor", "--endpoint", "e", "f");
  expect(JSON.parse(await run("key", "list", "--json"))).toMatchObject([{ endpoints: ["e", "f"] }]);
  for (const items of [
    ["--items", "one,two"],
    ["--items", "one", "two"],
    ["--items", "one", "--items", "two"],
  ])
    expect(await run("vault", "export", `${items.length}.json`, "--unsafe-plain", ...items)).toContain(
      "2 items",
    );
  const docker = ["docker-credential", "install", "--registry", "nvcr.io", "--registry", "ghcr.io"];
  expect(await run(...docker)).toMatch(/nvcr\.io[^]*ghcr\.io/);
});
