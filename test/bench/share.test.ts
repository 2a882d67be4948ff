import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Share } from "../../bench/share.ts";
import { Program } from "../support/process.ts";

/** A share for a process, or why this machine gives none. */
function shareOf(pid: number): Share | string {
  try {
    return new Share(pid, 25);
  } catch (error) {
    return String(error);
  }
}

test("a share of a core holds back a process that wants more, and leaves no group behind", async ({
  skip,
}) => {
  await using busy = new Program(process.execPath, ["--eval", "for (;;);"]);
  const groups = (): string => readFileSync(`/proc/${busy.pid}/cgroup`, "utf8");
  const share = shareOf(busy.pid);
  if (typeof share === "string") {
    skip(share);
    return;
  }
  {
    using held = share;
    expect(groups()).toContain("/postern-bench-");
    // NaN before the first period.
    while (!(held.usedUpPercent > 0)) await sleep(5);
  }
  // A group that cannot be removed throws.
  expect(groups()).not.toContain("/postern-bench-");
});
