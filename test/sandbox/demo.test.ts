import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { postern, Program } from "../support/process.ts";

describe("postern demo", () => {
  test("--check streams a chat through the vault's certificate, shows the counter-proof, and leaves nothing behind", async () => {
    using temporary = new Folder();
    const { status, stdout, stderr } = await postern(["demo", "--check"], {
      env: { TMPDIR: temporary.path },
    }).ended();
    expect([status, stderr]).toEqual([0, ""]);
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain("You showed me the client certificate client.sandbox.user");
    expect(text).toContain("✓ attached the certificate gen-cert, from the vault");
    expect(text).toContain("✓ verified by the endpoint, as client.sandbox.user");
    expect(text).toContain("✓ refused without gen-cert in the vault, with 503 credential_missing");
    expect(text).toContain("✓ restored");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toContain("PRIVATE KEY");
    expect(readdirSync(temporary.path)).toEqual([]);
  });

  test("stays up, and its curl line works until it is asked to end", async () => {
    using temporary = new Folder();
    await using program = postern(["demo"], { env: { TMPDIR: temporary.path } });
    const line = await eventually(() => {
      if (!program.stdout.includes("gateway.log")) throw new Error(`it is not ready: ${program.stderr}`);
      return /^ +(curl .*)$/m.exec(program.stdout)?.[1] ?? "";
    });
    const curl = await new Program("sh", ["-c", line.replace("curl ", "curl -sS ")]).ended();
    expect(curl.stderr).toBe("");
    expect(curl.stdout).toMatch(/^data: \{.*data: \[DONE\]\n\n$/s);
    const { status, stderr } = await program.stop("SIGINT");
    expect([status, stderr]).toEqual([0, ""]);
    expect(readdirSync(temporary.path)).toEqual([]);
  });

  test("ends at once, and leaves nothing behind, when it is interrupted in the middle of its chat", async () => {
    using temporary = new Folder();
    await using program = postern(["demo"], { env: { TMPDIR: temporary.path } });
    await eventually(() => expect(program.stdout).toContain("Good day."));
    expect((await program.stop()).status).toBe(0);
    expect(program.stdout).not.toContain("attached");
    expect(readdirSync(temporary.path)).toEqual([]);
  });
});
