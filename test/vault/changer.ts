// A process of its own for the tests: opens a vault, says so, and adds the item "new" once its standard input ends.
// It ends with status 0 when that was done, and with 3 when it was refused with the error that it names.
import { text } from "node:stream/consumers";
import { PosternError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import { openVault } from "../../src/vault/vault.ts";

const [file = "", identity = ""] = process.argv.slice(2);
const vault = await openVault({ file, identity });
process.stdout.write("open\n");
await text(process.stdin);
try {
  await vault.add("new", "bearer-token", { facts: {}, secrets: { value: new Secret("canary-new") } });
} catch (error) {
  if (!(error instanceof PosternError)) throw error;
  process.stdout.write(error.code);
  process.exitCode = 3;
}
