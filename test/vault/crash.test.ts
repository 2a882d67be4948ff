import { describe, expect, test } from "vitest";
import { type Call, callsOf, type Failure, survives } from "./faults.ts";

// The steps that matter most; crash.long.ts takes every system call.
const calls = [...(await callsOf("main")), ...(await callsOf("worker"))];

/** The call that strace writes so; the `nth` of those. */
function step(pattern: RegExp, nth = 1): Call {
  const call = calls.filter(({ line }) => pattern.test(line))[nth - 1];
  if (call === undefined) throw new Error(`a vault change makes no call ${nth} like ${String(pattern)}`);
  return call;
}

const lock = step(/^openat\(.*vault\.age\.lock", O_WRONLY/);
const making = step(/^openat\(.*vault\.age\.\w{12}\.tmp"/);
const writing = step(/^write\(\d+, "age-encryption/);
const syncing = step(/^fsync/);
const renaming = step(/^rename\(.*vault\.age"\)/);
const confirming = step(/^fsync/, 2);
const makingMark = step(/^openat\(.*vault\.age\.mark\.\w{12}\.tmp"/);
const renamingMark = step(/^rename\(.*vault\.age\.mark"\)/);

describe("a change that meets an error is refused, or made, and leaves nothing behind", () => {
  const refused: readonly (readonly [what: string, step: Call, failure: Failure, code: string])[] = [
    ["a read-only file system", lock, "error=EROFS", "file_unwritable"],
    ["a lock that the system refuses", step(/^fcntl.*F_WRLCK/), "error=EIO", "file_unwritable"],
    ["a folder without room for a name", making, "error=ENOSPC", "file_unwritable"],
    ["a full disk", writing, "error=ENOSPC", "file_unwritable"],
    ["a disk that does not confirm the new file", syncing, "error=EIO", "file_unwritable"],
    ["a rename that is not permitted", renaming, "error=EACCES", "file_unwritable"],
    ["a disk that does not confirm the new name", confirming, "error=EIO", "file_not_durable"],
  ];
  test.each(refused)("%s", async (_what, call, failure, code) => {
    expect(await survives(call, failure)).toMatchObject({ status: 3, stdout: `open\n${code}` });
  });

  const made: readonly (readonly [what: string, step: Call, failure: Failure])[] = [
    ["a mark that cannot be written", makingMark, "error=ENOSPC"],
    ["a mark that cannot be renamed", renamingMark, "error=EACCES"],
  ];
  test.each(made)("%s", async (_what, call, failure) => {
    expect(await survives(call, failure)).toMatchObject({ status: 0 });
  });
});

test.each([
  ["writing the new file", writing],
  ["syncing it", syncing],
  ["renaming it", renaming],
  ["syncing the folder", confirming],
  ["renaming the mark", renamingMark],
])("a process killed before %s leaves a whole vault, and the lock free", async (_what, call) => {
  expect(await survives(call, "signal=KILL")).toMatchObject({ status: null });
});
