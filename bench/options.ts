import { parseArgs } from "node:util";
import type { Contender } from "./contenders/contender.ts";
import { contenders } from "./contenders/index.ts";
import { type Part, parts } from "./parts.ts";
import { type Plan, quickPlan, wholePlan } from "./plan.ts";

const everyTime = parts.filter(({ onlyNamed }) => onlyNamed !== true);

export const usage = `usage: npm run bench -- [OPTIONS]

  --json FILE       also write the results as JSON
  --only A,B        these contenders: ${contenders.map(({ name }) => name).join(", ")}
  --parts A,B       these parts, beside start and memory: ${everyTime.map(({ name }) => name).join(", ")};
                    or, by its name alone: ${parts
                      .filter(({ onlyNamed }) => onlyNamed)
                      .map(({ name }) => name)
                      .join(", ")}
  --rounds N        how often each contender has its turn (${wholePlan.rounds})
  --quick           one short round: a look, no figures to keep

Example:
  npm run bench -- --only postern,nginx --parts unary,sse --rounds 5`;

/** What a command line asks for. */
export interface Options {
  readonly json: string | undefined;
  readonly contenders: readonly Contender[];
  readonly parts: readonly Part[];
  readonly plan: Plan;
  readonly help: boolean;
}

/** Picks the named ones, in the order of the table. */
function pick<T extends { readonly name: string }>(
  all: readonly T[],
  list: string,
  flag: string,
): readonly T[] {
  const names = list.split(",");
  for (const name of names)
    if (!all.some((one) => one.name === name))
      throw new Error(`${flag}: "${name}" is none of ${all.map(({ name }) => name).join(", ")}`);
  return all.filter(({ name }) => names.includes(name));
}

/** @throws Error that names the option */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "string" },
      only: { type: "string" },
      parts: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const plan = values.quick ? quickPlan : wholePlan;
  const rounds = values.rounds === undefined ? plan.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new Error(`--rounds: "${values.rounds}" is not a whole number from 1 to 100`);
  return {
    json: values.json,
    contenders: values.only === undefined ? contenders : pick(contenders, values.only, "--only"),
    parts: values.parts === undefined ? everyTime : pick(parts, values.parts, "--parts"),
    plan: { ...plan, rounds },
    help: values.help,
  };
}
