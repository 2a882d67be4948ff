// A process of its own for the tests: becomes another user, and opens a vault. It becomes that user only when every
// module is loaded, because the checkout may lie where the user cannot read.
import "age-encryption";
import { openVault } from "../../src/vault/vault.ts";

const [file = "", identity = "", uid = "", gid = ""] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(Number(gid));
process.setuid?.(Number(uid));
await openVault({ file, identity });
