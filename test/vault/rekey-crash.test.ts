import { expect, test } from "vitest";
import { survivesRekey } from "./rekey-crash.ts";

// Its writes are the vault for both identities, the mark, the backup, the identity, the vault for the new one, the mark,
// the backup: each ends with a rename. rekey-crash.long.ts takes the syncs and the removals too.
test.each([1, 2, 3, 4, 5, 6, 7])(
  "a rekey killed at its rename number %i leaves an identity that opens the vault",
  async (nth) => {
    const ended = await survivesRekey("rename", nth, "signal=KILL");
    expect(ended.stdout).toBe("");
  },
);

test("a rekey that is let through is done", async () => {
  expect((await survivesRekey("rename", 8, "signal=KILL")).stdout).toBe("done\n");
});
