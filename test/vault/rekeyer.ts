// A process of its own for the tests: opens a vault, gives it a new identity, and says "done".
import { writeIdentity } from "../../src/vault/identity/identity.ts";
import { openVault } from "../../src/vault/vault.ts";

const [file = "", identity = ""] = process.argv.slice(2);
const vault = await openVault({ file, identity });
const place = { file: identity, passphrase: { prompt: true } } as const;
await vault.rekey((next) => writeIdentity(place, next, { now: new Date() }));
process.stdout.write("done\n");
