// A process of its own for the tests: takes a vault's lock, begins a file as a change does, says so, and stays.
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../src/vault/stores/lock.ts";

const [file = ""] = process.argv.slice(2);
await withLock(file, 10_000, async () => {
  writeFileSync(`${file}.0123456789ab.tmp`, "half of it");
  process.stdout.write("held\n");
  await sleep(3_600_000);
});
