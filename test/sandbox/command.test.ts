import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { postern } from "../support/process.ts";
import { Caller, tokenIn } from "./support.ts";

/** What the command's first line says. */
interface Ready {
  readonly ready: boolean;
  readonly url: string;
  readonly ca: string;
  readonly certificate?: string;
  readonly bearerTokenFile?: string;
  readonly serverlessApiKeyFile?: string;
}

const asSandbox = (ready: Ready): ConstructorParameters<typeof Caller>[0] => ({
  ...ready,
  requests: [],
  stop: () => Promise.resolve(),
});

describe("postern sandbox", () => {
  test("says in its first line where it is, answers, and leaves nothing behind when it is asked to end", async () => {
    using temporary = new Folder();
    await using program = postern(["sandbox"], { env: { TMPDIR: temporary.path } });
    const ready = JSON.parse(await program.firstLine()) as Ready;
    expect(Object.keys(ready)).toEqual(["ready", "url", "ca", "certificate"]);
    expect(ready.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/openai\/v1$/);
    expect(statSync(dirname(ready.ca)).mode & 0o777).toBe(0o700);
    using caller = new Caller(asSandbox(ready));
    expect((await caller.chat()).headers.get("x-sandbox-client")).toBe("client.sandbox.user");
    await eventually(() => expect(program.stderr).toContain(`--pem ${ready.certificate}`));
    const { status } = await program.stop();
    expect(status).toBe(0);
    expect(existsSync(ready.ca)).toBe(false);
    expect(readdirSync(temporary.path)).toEqual([]);
  });

  test("demands what it is told to, and keeps its files where --out says", async () => {
    using folder = new Folder();
    const out = folder.file("made/here");
    await using program = postern(["sandbox", "--require", "certificate, bearer-token", "--out", out]);
    const ready = JSON.parse(await program.firstLine()) as Ready;
    using caller = new Caller(asSandbox(ready));
    expect((await caller.chat()).status).toBe(401);
    const authorization = `Bearer ${tokenIn(ready.bearerTokenFile)}`;
    expect((await caller.chat({ authorization })).status).toBe(200);
    const { status, stdout, stderr } = await program.stop("SIGINT");
    expect(status).toBe(0);
    expect(readdirSync(out)).toEqual(["ca.pem", "sandbox-bearer-token.txt", "sandbox-client.pem"]);
    expect(stdout + stderr).not.toContain(tokenIn(ready.bearerTokenFile));
  });

  test("ends its streams, and itself, when it is asked to end in the middle of one", async () => {
    await using program = postern(["sandbox"]);
    using caller = new Caller(asSandbox(JSON.parse(await program.firstLine()) as Ready));
    const answer = await caller.chat({ "x-sandbox": "pace=50ms, length=100000" });
    const reading = answer.text();
    const broken = expect(reading).rejects.toThrow();
    expect((await program.stop()).status).toBe(0);
    await broken;
  });

  test.each([
    [["--require", "certifcate"], 'did you mean "certificate"?'],
    [["--require", "password"], "certificate, bearer-token, serverless-api-key"],
    [["--require", ""], "certificate, bearer-token, serverless-api-key"],
    [["--port", "70000"], "0 to 65535"],
    [["--port", "x"], "0 to 65535"],
    [["--prot", "1"], "--port"],
  ])("%j is wrong usage: exit status 2, the way out, and no file", async (args, wayOut) => {
    using folder = new Folder();
    await using program = postern(["sandbox", "--out", folder.file("out"), ...args]);
    const { status, stdout, stderr } = await program.ended();
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: .*\n(.*\n)?hint: .*\n$/);
    expect(stderr).toContain(wayOut);
    expect(folder.contents()).toEqual({});
  });

  test("a port in use is a failure that says so, and leaves nothing behind", async () => {
    using temporary = new Folder();
    using elsewhere = new Folder();
    await using first = postern(["sandbox"], { env: { TMPDIR: elsewhere.path } });
    const { port } = new URL((JSON.parse(await first.firstLine()) as Ready).url);
    const { status, stderr } = await postern(["sandbox", "--port", port], {
      env: { TMPDIR: temporary.path },
    }).ended();
    expect(status).toBe(1);
    expect(stderr).toContain(`the address 127.0.0.1:${port} is in use`);
    expect(readdirSync(temporary.path)).toEqual([]);
  });
});
