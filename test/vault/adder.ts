// A process of its own for the tests: opens a vault, says so, and adds as many items as it is told.
import { Secret } from "../../src/secret.ts";
import { openVault } from "../../src/vault/vault.ts";

const [file = "", identity = "", prefix = "", count = "0"] = process.argv.slice(2);
const vault = await openVault({ file, identity });
process.stdout.write("open\n");
for (let n = 0; n < Number(count); n += 1)
  await vault.add(`${prefix}-${n}`, "bearer-token", {
    facts: {},
    secrets: { value: new Secret(`canary-${prefix}-${n}`) },
  });
