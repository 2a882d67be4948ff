import { run } from "./cli/run.ts";

const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // A second signal ends it at once.
    if (ended.signal.aborted) process.exit(1);
    ended.abort();
  });
}
const { stdin, stdout, stderr, env } = process;
process.exit(
  await run(process.argv.slice(2), { stdin, stdout, stderr, env, cwd: process.cwd(), ended: ended.signal }),
);
