import { statusWithOutput } from "./cli/io.ts";
import { run } from "./cli/run.ts";
import { closeHatches } from "./hatches.ts";

closeHatches(process);
const { stdin, stdout, stderr, env } = process;
const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // A second signal ends it at once.
    if (ended.signal.aborted) process.exit(1);
    ended.abort();
  });
}
// The terminal is gone. `serve` listens, too: there it means to reload.
process.on("SIGHUP", () => {
  if (process.listenerCount("SIGHUP") === 1) ended.abort();
});
// Whoever read the output has left, as `| head -1` does: then there is nothing to stay up for. Without a listener each
// of these errors would be a stack trace; a log that nobody can read ends no gateway.
stdout.on("error", () => ended.abort());
stderr.on("error", () => {});

const io = { stdin, stdout, stderr, env, cwd: process.cwd(), ended: ended.signal };
process.exit(statusWithOutput(io, await run(process.argv.slice(2), io)));
