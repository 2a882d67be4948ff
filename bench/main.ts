import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { goalsOf } from "./goals.ts";
import { lookAround } from "./machine.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { lastRecorded, resultsOf, textOf } from "./results.ts";
import { run } from "./run.ts";
import { tableOf } from "./table.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

// The processes that were started end with this one.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

async function bench({ json, contenders, parts, plan }: Options): Promise<void> {
  // Before the minutes of measuring, so that they are not lost to a path that cannot be written.
  if (json !== undefined) {
    mkdirSync(dirname(json), { recursive: true });
    accessSync(dirname(json), constants.W_OK);
  }
  const begun = new Date();
  const machine = lookAround();
  say(`${machine.cores} cores (${machine.cpu}), Linux ${machine.kernel}, Node.js ${machine.node}`);
  say(`load average at the start: ${machine.loadAverage.join(" ")}`);
  const found = await run({ contenders, parts, plan, say });
  const last = lastRecorded();
  say(`\nmedian (min–max) ratio to nginx's, of ${plan.rounds} rounds\n`);
  say(tableOf(last === undefined ? found : [...found, last]));
  say(`\n${goalsOf(found)}`);
  if (json !== undefined) writeFileSync(json, textOf(resultsOf(found, machine, plan.rounds, begun)));
  say(`\nit took ${Math.round((Date.now() - begun.getTime()) / 1e3)} s`);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) say(usage);
  else await bench(options);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
