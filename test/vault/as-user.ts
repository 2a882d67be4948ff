// A process of its own for the tests: becomes another user, and runs a command line. It becomes that user only when every
// module is loaded, because the checkout may lie where the user cannot read.
import { commands } from "../../src/cli/commands.ts";
import { run } from "../../src/cli/run.ts";
import { unending } from "../support/unending.ts";

const [user = "", ...argv] = process.argv.slice(2);
for (const { load } of commands) await load();
process.setgroups?.([]);
process.setgid?.(Number(user));
process.setuid?.(Number(user));
const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(argv, { stdin, stdout, stderr, env, cwd: "/", ...unending() });
