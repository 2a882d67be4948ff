import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { Gateway } from "../support/gateway.ts";
import { Mount } from "../support/mount.ts";
import { fromFile, Stage, tokenIn } from "./token-sources.ts";

const ask = { target: "/v1/x", body: "{}", headers: ["Content-Type: application/json"] };
const canary = (number: number): string => `canary-file-token-9c1e-${number}`;

/** Asks without a pause until told to stop; returns the statuses that came. */
async function load(gateway: Gateway, signal: AbortSignal): Promise<readonly number[]> {
  const statuses: number[] = [];
  const one = async (): Promise<void> => {
    while (!signal.aborted) statuses.push((await gateway.ask(ask)).status);
  };
  await Promise.all([one(), one(), one(), one()]);
  return statuses;
}

/** Waits until the endpoint gets a request with this token. */
const arrives = (stage: Stage, gateway: Gateway, token: string): Promise<void> =>
  eventually(async () => {
    await gateway.ask(ask);
    expect(stage.upstream.exchanges.map(tokenIn)).toContain(token);
  });

describe("a token that comes from a file", () => {
  test.each(["renamed over", "swapped as Kubernetes does"])(
    "is taken anew when the file is %s, and no request fails meanwhile",
    async (how) => {
      await using stage = await Stage.set();
      const content = (number: number): Record<string, string> => ({ token: `${canary(number)}\n` });
      const mount = new Mount(stage.folder.file("mount"), content(0));
      const isMount = how.startsWith("swapped");
      const file = isMount ? join(mount.path, "token") : stage.issue("token", canary(0));
      await using gateway = await stage.serve(fromFile(file));
      const over = new AbortController();
      const loading = load(gateway, over.signal);
      for (let number = 1; number <= 4; number += 1) {
        if (isMount) mount.swap(content(number));
        else stage.issue("token", canary(number));
        await arrives(stage, gateway, canary(number));
      }
      over.abort();
      const statuses = await loading;
      expect(statuses.length).toBeGreaterThan(4);
      expect(new Set(statuses)).toEqual(new Set([200]));
      // Requests that were under way may arrive behind the first with a new token, but no token comes back.
      expect(new Set(stage.upstream.exchanges.map(tokenIn))).toEqual(new Set([0, 1, 2, 3, 4].map(canary)));
      expect(gateway.log.text).not.toContain("canary-file-token");
    },
  );

  test("is never sent half, however slowly the file is written", async () => {
    await using stage = await Stage.set();
    const file = stage.issue("token", "first");
    await using gateway = await stage.serve(fromFile(file));
    const over = new AbortController();
    const loading = load(gateway, over.signal);
    // Piece by piece, in the file itself.
    const writer = spawn("sh", [
      "-c",
      `exec > "$0"; for i in $(seq 3000); do printf s; done; printf e`,
      file,
    ]);
    await once(writer, "close");
    const whole = `${"s".repeat(3000)}e`;
    await arrives(stage, gateway, whole);
    over.abort();
    expect(new Set(await loading)).toEqual(new Set([200]));
    expect(new Set(stage.upstream.exchanges.map(tokenIn))).toEqual(new Set(["first", whole]));
  });

  const spoiled: Record<string, (file: string) => void> = {
    "is gone": (file) => rmSync(file),
    "is empty": (file) => writeFileSync(file, ""),
    "has two lines": (file) => writeFileSync(file, "canary-one\ncanary-two\n"),
    "holds what no header can": (file) => writeFileSync(file, "canary töken"),
    "has a header's words": (file) => writeFileSync(file, "Bearer canary-three"),
    "is larger than any token": (file) => writeFileSync(file, "canary".repeat(20_000)),
    "is a pipe": (file) => {
      rmSync(file);
      execFileSync("mkfifo", [file]);
    },
  };
  for (const [what, spoil] of Object.entries(spoiled))
    test(`stays in use when the file ${what}, with one warning, until it is good again`, async () => {
      await using stage = await Stage.set();
      const file = stage.issue("token", "first");
      await using gateway = await stage.serve(fromFile(file));
      spoil(file);
      const warned = (): readonly unknown[] =>
        gateway.log.lines().filter(({ msg }) => String(msg).includes("was not refreshed"));
      await eventually(() => expect(warned()).toHaveLength(1));
      expect((await gateway.ask(ask)).status).toBe(200);
      stage.issue("token", "second");
      await arrives(stage, gateway, "second");
      expect(stage.seen).toEqual(["first", "second"]);
      expect(warned()).toHaveLength(1);
      expect(gateway.log.text).not.toContain("canary");
    });

  test("lapses with its time to live when the file is gone, and nothing is sent without it", async () => {
    await using stage = await Stage.set();
    const file = stage.issue("token", "first");
    await using gateway = await stage.serve(fromFile(file, "1s"));
    rmSync(file);
    await eventually(async () => {
      expect(errorIn(await gateway.ask(ask)).code).toBe("credential_unavailable");
    });
    const sent = stage.upstream.exchanges.length;
    expect((await gateway.ask(ask)).status).toBe(503);
    expect(stage.upstream.exchanges).toHaveLength(sent);
    stage.issue("token", "second");
    await arrives(stage, gateway, "second");
  });

  test("is not there at the start: requests are refused with the reason until it is", async () => {
    await using stage = await Stage.set();
    await using gateway = await stage.serve(fromFile(stage.folder.file("token")));
    const refusal = await gateway.ask(ask);
    expect(refusal.status).toBe(503);
    expect(errorIn(refusal)).toMatchObject({
      code: "credential_unavailable",
      message: expect.stringContaining("there is no such file") as unknown,
    });
    expect(stage.upstream.exchanges).toEqual([]);
    stage.issue("token", "first");
    await arrives(stage, gateway, "first");
  });

  test("is asked anew after a 401, and the request sent once more", async () => {
    await using stage = await Stage.set();
    const file = stage.issue("token", "first");
    await using gateway = await stage.serve(fromFile(file));
    stage.accepted = new Set(["second"]);
    stage.issue("token", "second");
    expect((await gateway.ask(ask)).status).toBe(200);
  });
});
