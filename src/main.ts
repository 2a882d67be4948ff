import { constants } from "node:os";
import { Ending } from "./cli/ending.ts";
import { statusWithOutput } from "./cli/io.ts";
import { run } from "./cli/run.ts";
import { closeHatches } from "./hatches.ts";

closeHatches(process);
const { stdin, stdout, stderr, env } = process;
const ended = new AbortController();
const ending = new Ending((status) => process.exit(status));
/** With the status that a shell gives to a program that a signal has ended. */
const end = (signal: "SIGINT" | "SIGTERM" | "SIGHUP"): void => {
  ended.abort();
  ending.ask(128 + constants.signals[signal]);
};
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // A second signal ends it at once. `serve` listens, too: it has requests in flight to end before.
    if (ended.signal.aborted && process.listenerCount(signal) === 1) process.exit(1);
    end(signal);
  });
}
// The terminal is gone. `serve` listens, too: there it means to reload.
process.on("SIGHUP", () => {
  if (process.listenerCount("SIGHUP") === 1) end("SIGHUP");
});
// Whoever read the output has left, as `| head -1` does: then there is nothing to stay up for. Without a listener each
// of these errors would be a stack trace; a log that nobody can read ends no gateway.
stdout.on("error", () => ended.abort());
stderr.on("error", () => {});

const hold = (): Disposable => ending.hold();
const io = { stdin, stdout, stderr, env, cwd: process.cwd(), ended: ended.signal, hold };
process.exit(statusWithOutput(io, await run(process.argv.slice(2), io)));
