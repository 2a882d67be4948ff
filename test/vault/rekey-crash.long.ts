import { describe, test } from "vitest";
import { survivesRekey } from "./rekey-crash.ts";

const calls = { rename: 7, fsync: 18, unlink: 12 };
const every = Object.entries(calls).flatMap(([call, count]) =>
  Array.from({ length: count }, (_, index) => index + 1).flatMap((nth) =>
    ["error=EIO", "signal=KILL"].map((failure) => ({ call, nth, failure })),
  ),
);

describe("the identity in its place opens the vault after", () => {
  test.each(every)("$failure at $call number $nth of a rekey", async ({ call, nth, failure }) => {
    await survivesRekey(call, nth, failure);
  });
});
