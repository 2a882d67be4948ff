import { readFileSync, rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SourceFault } from "../../src/vault/tokens/source-fault.ts";
import { runTokenCommand } from "../../src/vault/tokens/token-command.ts";
import { ask as sendTo, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { textOf } from "../support/gateway.ts";
import { postern, readyLine } from "../support/process.ts";
import { fromCommand, isAlive, Stage, tokenIn } from "./token-sources.ts";

const ask = { target: "/v1/x", body: "{}", headers: ["Content-Type: application/json"] };

/** The number that a command has written into a file. */
const numberIn = (file: string): Promise<number> =>
  eventually(() => {
    const text = readFileSync(file, "utf8").trim();
    if (text === "") throw new Error("it is empty");
    return Number(text);
  });

describe("a token that a command prints", () => {
  test("is there when the gateway is ready, and refreshed before its time to live ends", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromCommand(stage.counting("canary-run-"), "1s"));
    expect((await gateway.ask(ask)).status).toBe(200);
    await eventually(async () => {
      expect((await gateway.ask(ask)).status).toBe(200);
      expect(stage.seen.length).toBeGreaterThanOrEqual(3);
    });
    expect(stage.seen.slice(0, 3)).toEqual(["canary-run-1", "canary-run-2", "canary-run-3"]);
    expect(gateway.log.text).not.toContain("canary-run");
  });

  test("is sent no more when its time to live is over and the command fails, until it works again", async () => {
    await using stage = await Stage.set();
    const flag = stage.folder.file("broken");
    const command = stage.counting("run-", `test ! -e ${flag} || exit 3;`);
    await using gateway = await stage.serve(fromCommand(command, "1s"));
    expect((await gateway.ask(ask)).status).toBe(200);
    stage.folder.write("broken", "");
    await eventually(async () => {
      const answer = await gateway.ask(ask);
      expect(answer.status).toBe(503);
      expect(errorIn(answer)).toMatchObject({
        code: "credential_unavailable",
        message: expect.stringContaining("its command ended with status 3") as unknown,
      });
      // It can come back by itself: clients may try again.
      expect(answer.headers.map(([name]) => name.toLowerCase())).not.toContain("x-should-retry");
    });
    await eventually(async () =>
      expect((await gateway.admin("/readyz")).text).toContain("credential_unavailable"),
    );
    const sent = stage.upstream.exchanges.length;
    expect((await gateway.ask(ask)).status).toBe(503);
    expect(stage.upstream.exchanges).toHaveLength(sent);
    rmSync(flag);
    await eventually(async () => expect((await gateway.ask(ask)).status).toBe(200));
  });

  const bad: Record<string, readonly [command: string, says: string]> = {
    fails: ["echo canary-out; echo canary-err >&2; exit 7", "its command ended with status 7"],
    "is killed": ["kill -9 $$", "its command ended by SIGKILL"],
    "is not there": ["/no/such/program", "its command ended with status 127"],
    "prints nothing": ["true", "the output of its command is empty"],
    "prints two lines": ["echo canary-one; echo canary-two", "a line break"],
    "prints two words": ["echo canary one", "a space"],
    "prints without end": ["yes canary", "more than 64 KiB"],
  };
  for (const [what, [command, says]] of Object.entries(bad))
    test(`is not there when the command ${what}: nothing is sent, and nothing that it wrote is shown`, async () => {
      await using stage = await Stage.set();
      await using gateway = await stage.serve(fromCommand(command, "5m"));
      const answer = await gateway.ask(ask);
      expect(answer.status).toBe(503);
      expect(errorIn(answer).message).toContain(says);
      expect(stage.upstream.exchanges).toEqual([]);
      expect(gateway.log.text).toContain(says);
      expect(gateway.log.text + answer.text).not.toContain("canary");
      expect(readFileSync(gateway.folder.file("audit.log"), "utf8")).not.toContain("canary");
    });

  test("does not hold up a start when it hangs, and ends with the gateway, with all that it has started", async () => {
    await using stage = await Stage.set();
    const pids = stage.folder.file("pids");
    const gateway = await stage.serve(fromCommand(`sleep 1000 & echo $! > ${pids}; sleep 1000`, "5m"));
    expect(errorIn(await gateway.ask(ask)).message).toContain("has not answered yet");
    const pid = await numberIn(pids);
    expect(isAlive(pid)).toBe(true);
    await gateway[Symbol.asyncDispose]();
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });

  test("is killed when it takes too long, with all that it has started", async () => {
    await using stage = await Stage.set();
    const pids = stage.folder.file("pids");
    const never = new AbortController().signal;
    const run = runTokenCommand(`sleep 1000 & echo $! > ${pids}; sleep 1000`, never, 500);
    await expect(run).rejects.toThrow(new SourceFault("its command took longer than 0.5 s"));
    const pid = await numberIn(pids);
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });

  test("has the root as its folder, nothing to read, and the environment of the gateway", async () => {
    const never = new AbortController().signal;
    process.env["POSTERN_TEST_VARIABLE"] = "passed-on";
    const said = await runTokenCommand(`pwd; wc -c; printf '%s\\n' "$POSTERN_TEST_VARIABLE"`, never);
    delete process.env["POSTERN_TEST_VARIABLE"];
    expect(said.split("\n").map((line) => line.trim())).toEqual(["/", "0", "passed-on", ""]);
  });

  test("is recorded as a use of the vault, each time that it is refreshed", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromCommand(stage.counting("canary-run-"), "1s"));
    await eventually(() => {
      const log = readFileSync(gateway.folder.file("audit.log"), "utf8").trim().split("\n");
      const uses = log.map((line) => JSON.parse(line) as { action: string; item: string; command: string });
      expect(uses.filter(({ action }) => action === "refresh").length).toBeGreaterThanOrEqual(2);
      expect(uses.filter(({ action }) => action === "attach")).toHaveLength(1);
      expect(uses.every(({ item }) => item === "token")).toBe(true);
    });
  });

  test("serves in each worker", async () => {
    await using stage = await Stage.set();
    // The number of its process: workers that count at the same time could come to the same number.
    const item = fromCommand("printf 'run-%s\\n' $$", "5m");
    await using gateway = await stage.serve(item);
    await gateway.app.stop();
    const settings = { endpoints: { it: { url: `${stage.upstream.origin}/v1`, credentials: ["token"] } } };
    gateway.write(textOf({ workers: 2, ...settings }));
    await using serving = postern(["serve", "--config", gateway.file]);
    const [base = ""] = (await readyLine(serving)).listen;
    for (let request = 0; request < 8; request += 1) expect((await sendTo(base, ask)).status).toBe(200);
    const tokens = new Set(stage.upstream.exchanges.map(tokenIn));
    expect([...tokens].every((token) => /^run-\d+$/.test(token))).toBe(true);
    expect(tokens.size).toBe(2);
  });
});
