import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { maskText } from "../../src/brokers/run-mask.ts";
import { type Ended, Program } from "../support/process.ts";
import type { Desk } from "../vault/desk.ts";
import { canary, deskWithItems, sh, start, token } from "./run-desk.ts";

const bin = join(import.meta.dirname, "../../bin/postern");

describe("postern run", () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await deskWithItems();
  });
  afterAll(() => desk[Symbol.dispose]());
  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = ""): Promise<Ended> =>
    start(desk, args, env).ended(stdin);
  /** The environment of a program that is run so. */
  const environment = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const { stdout } = await run(
      ["--no-mask", ...args, "--", "node", "-p", "JSON.stringify(process.env)"],
      env,
    );
    return JSON.parse(stdout) as Record<string, string>;
  };

  test("gives the program the vault's variables and the gateway's base URLs, over its own environment", async () => {
    expect(await environment([], { OWN: "own", POSTERN_LOCAL_KEY: "" })).toMatchObject({
      OWN: "own",
      SETTING: canary,
      HF_TOKEN: token,
      OPENAI_BASE_URL: "http://127.0.0.1:8080/v1",
      OPENAI_API_BASE: "http://127.0.0.1:8080/v1",
      OPENAI_API_BASE_URL: "http://127.0.0.1:8080/v1",
      OPENAI_API_KEY: "no_key",
      ANTHROPIC_BASE_URL: "http://127.0.0.1:8080",
      ANTHROPIC_AUTH_TOKEN: "no_key",
      COPILOT_PROVIDER_BASE_URL: "http://127.0.0.1:8080/v1",
      COPILOT_PROVIDER_API_KEY: "no_key",
    });
  });

  test("gives only the items that are named", async () => {
    const env = await environment(["--items", "SETTING"]);
    expect(env["SETTING"]).toBe(canary);
    expect(env).not.toHaveProperty("HF_TOKEN");
  });

  test("gives a local key under the names that programs know, and no other", async () => {
    const key = "canary-local-key-71c0";
    desk.folder.write("key", `${key}\n`);
    for (const env of [
      await environment([], { POSTERN_LOCAL_KEY: key }),
      await environment(["--key-file", "key"], { POSTERN_LOCAL_KEY: "another" }),
    ]) {
      expect(env).toMatchObject({ OPENAI_API_KEY: key, ANTHROPIC_AUTH_TOKEN: key });
      expect(env).not.toHaveProperty("POSTERN_LOCAL_KEY");
    }
  });

  test("says which of the shell's own variables it replaced, and not with what", async () => {
    const { stdout, stderr } = await run(sh('[ "$SETTING" != mine ] && echo replaced'), {
      SETTING: "mine",
      OPENAI_API_KEY: "sk-of-the-shell",
      OPENAI_API_BASE: "http://127.0.0.1:8080/v1",
    });
    expect(stdout).toBe("replaced\n");
    expect(stderr).toBe(
      "postern: set otherwise in this shell, and replaced for sh: OPENAI_API_KEY, SETTING\n",
    );
  });

  test("passes standard input to the program, and its output and status back", async () => {
    expect(await run(sh("cat; echo problem >&2; exit 7"), {}, "input\n")).toEqual({
      status: 7,
      stdout: "input\n",
      stderr: "problem\n",
    });
  });

  test("masks what the program prints of the vault, on both of its outputs", async () => {
    const said = await run(
      sh('echo "<$SETTING>"; echo "<$HF_TOKEN>" >&2; printf %s "user:$SETTING" | base64 -w0'),
    );
    expect(said.stdout).toMatch(`<${maskText}>\n`);
    expect(said.stderr).toBe(`<${maskText}>\n`);
    expect(said.stdout).not.toContain(Buffer.from(canary).toString("base64").slice(4, -4));
    expect(said.stdout + said.stderr).not.toContain(canary);
  });

  test("masks a secret that comes in two writes, far apart", async () => {
    const script =
      "process.stdout.write(process.env.SETTING.slice(0,9));setTimeout(()=>console.log(process.env.SETTING.slice(9)+'!'),300)";
    expect((await run(["--", "node", "-e", script])).stdout).toBe(`${maskText}!\n`);
  });

  test("lets bytes that are no text pass as they are", async () => {
    const { stdout } = await run(
      sh(
        "head -c 200000 /dev/zero | tr '\\0' '\\377' | sha256sum; head -c 200000 /dev/zero | tr '\\0' '\\377'",
      ),
    );
    expect(stdout).toHaveLength(68 + 200_000);
  });

  test("ends as a shell would where the program cannot be started", async () => {
    const missing = await run(["--", "no-such-program"]);
    expect(missing).toMatchObject({ status: 127, stdout: "" });
    expect(missing.stderr).toBe(
      "error: cannot start no-such-program: there is no such program\nhint: check its name, PATH and its permissions\n",
    );
    expect(await run(["--", desk.folder.path])).toMatchObject({ status: 126 });
  });

  test("ends with 128 and the signal's number where a signal ended the program", async () => {
    expect(await run(sh("kill -9 $$"))).toMatchObject({ status: 137 });
    expect(await run(["--no-mask", ...sh("kill -TERM $$")])).toMatchObject({ status: 143 });
  });

  test("leaves every secret out of the arguments of every process", async () => {
    await using program = start(desk, ["--", "sh", "-c", "echo ready; cat"]);
    await program.firstLine();
    const commandLines = new Program("sh", ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null; true"]);
    const { stdout } = await commandLines.ended();
    expect(stdout).toContain("echo ready");
    expect(stdout).not.toContain(canary);
    expect(stdout).not.toContain(token);
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2"] as const)(
    "passes %s on, once",
    async (signal) => {
      const script = `let n=0;process.on("${signal}",()=>{n+=1;setTimeout(()=>{console.log("got",n);process.exit(3)},200)});setInterval(()=>{},1000);console.log("ready")`;
      await using program = start(desk, ["--", "node", "-e", script]);
      await program.firstLine();
      expect(await program.stop(signal)).toEqual({ status: 3, stdout: "ready\ngot 1\n", stderr: "" });
    },
  );

  test("a reader that leaves ends the program", async () => {
    const env = { POSTERN_CONFIG: desk.folder.file("postern.yaml") };
    const pipe = new Program("bash", ["-c", `${bin} run -- yes line | head -1; echo "\${PIPESTATUS[0]}"`], {
      env,
    });
    const { stdout } = await pipe.ended();
    expect(stdout).toMatch(/^line\n[1-9]\d*\n$/);
  });

  test.each([
    ["an item that is not there", ["--items", "SETTING,other"], 1, /no item named "other"/],
    ["an option of the program's own before --", ["ls", "-l"], 2, /"-l" is not an option of postern run/],
    ["no program", ["--"], 2, /the argument COMMAND is missing/],
    ["a key file that is not there", ["--key-file", "nowhere"], 1, /cannot read nowhere/],
    ["a key file with two lines", ["--key-file", "postern.yaml"], 2, /--key-file holds no key/],
  ])("refuses %s", async (_name, args, status, message) => {
    const said = await run(args.includes("--") || args.includes("ls") ? args : [...args, "--", "true"]);
    expect(said).toMatchObject({ status, stdout: "" });
    expect(said.stderr).toMatch(message);
  });

  test("records the use of each item, without its value", async () => {
    await run(["--items", "hf", "--", "true"]);
    const log = readFileSync(desk.folder.file("audit.log"), "utf8");
    expect(log.trimEnd().split("\n").at(-1)).toMatch(/"command":"run".*"action":"run","item":"hf"/);
    expect(log).not.toContain(token);
    expect(log).not.toContain(canary);
  });
});

describe("postern run, of a vault that is not clear,", () => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await deskWithItems();
    return () => desk[Symbol.dispose]();
  });
  const run = (args: readonly string[]): Promise<Ended> => start(desk, args).ended();

  test("does not choose between two items for one variable", async () => {
    await desk.vault(["add", "hugging-face-token", "hf-2", "--stdin"], { stdin: `${token}2` });
    const refused = await run(["--", "true"]);
    expect(refused).toMatchObject({ status: 2 });
    expect(refused.stderr).toMatch(/several items give the variable HF_TOKEN: hf, hf-2\nhint: .*--items/);
    expect(await run(["--items", "hf-2", ...sh(`test "$HF_TOKEN" = ${token}2`)])).toMatchObject({
      status: 0,
    });
  });

  test("puts no endpoint's credential into an environment", async () => {
    await desk.vault(["add", "bearer-token", "team", "--generate"]);
    expect(await run(["--", "true"])).toMatchObject({ status: 0 });
    const refused = await run(["--items", "team", "--", "true"]);
    expect(refused).toMatchObject({ status: 2 });
    expect(refused.stderr).toMatch(/"team" is of the kind bearer-token, which goes into no environment/);
  });

  test("sets no base URL where no port is known beforehand, and says so", async () => {
    desk.folder.write("postern.yaml", "listen: [127.0.0.1:0]\n");
    const said = await run(sh('echo "${OPENAI_BASE_URL-none}"; test -n "$SETTING"'));
    expect(said).toMatchObject({ status: 0, stdout: "none\n" });
    expect(said.stderr).toMatch(/the base URLs are not set/);
  });

  test("says that a value is too large for an environment", async () => {
    await desk.vault(["import-env", "-"], { stdin: `LARGE=${"x".repeat(200_000)}\n` });
    const said = await run(["--", "true"]);
    expect(said).toMatchObject({ status: 126 });
    expect(said.stderr).toMatch(
      /cannot start true: its arguments and its environment are larger than the system takes/,
    );
  });

  test("points HF_ENDPOINT at the only endpoint of that type", async () => {
    desk.folder.write(
      "postern.yaml",
      "listen: ['[::1]:9']\nendpoints: { hub: { url: https://huggingface.co, type: hugging-face, credentials: hf } }\n",
    );
    expect((await run(sh('echo "$HF_ENDPOINT $OPENAI_BASE_URL"'))).stdout).toBe(
      "http://[::1]:9/hub/raw http://[::1]:9/v1\n",
    );
  });
});
