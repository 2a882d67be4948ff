import { setTimeout as sleep } from "node:timers/promises";
import { useOf } from "./accounting.ts";
import type { Contender, Launch } from "./contenders/contender.ts";
import { direct } from "./contenders/direct.ts";
import type { FigureKey } from "./figures.ts";
import { Load } from "./load/load.ts";
import { type Part, type Subject } from "./parts.ts";
import type { Plan } from "./plan.ts";
import { compare, type Originals, originalsOf, untilReady } from "./probe.ts";
import { Program } from "./program.ts";
import { setStage, type Stage } from "./stage.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** What came of one contender. */
export interface Findings {
  readonly name: string;
  readonly note?: string;
  readonly figures: ReadonlyMap<FigureKey, Spread>;
  /** What it failed at, and how; such a part is not tried again. */
  readonly failures: ReadonlyMap<string, string>;
}

/** What is to be run. */
export interface Programme {
  readonly contenders: readonly Contender[];
  readonly parts: readonly Part[];
  readonly plan: Plan;
  /** Told what happens, a line at a time. */
  readonly say: (line: string) => void;
}

/** How long a fresh process is left alone before its memory is read. */
const restMs = 300;

/** Measures every contender, in turn, in each round. */
export async function run(programme: Programme): Promise<Findings[]> {
  const { plan, say } = programme;
  await using stage = await setStage();
  using load = new Load();
  const originals = await originalsOf((await direct.prepare(stage)).target);
  const trials: Trial[] = [];
  for (const contender of programme.contenders) trials.push(await Trial.prepare(contender, stage));
  for (let round = 1; round <= plan.rounds; round += 1)
    for (const trial of trials) {
      say(`round ${round} of ${plan.rounds}: ${trial.name}`);
      await trial.round(programme, load, originals);
    }
  return trials.map((trial) => trial.findings());
}

/** One contender through all rounds. */
class Trial {
  readonly #contender: Contender;
  #launch: Launch | undefined;
  readonly #measured = new Map<FigureKey, number[]>();
  readonly #failures = new Map<string, string>();

  private constructor(contender: Contender) {
    this.#contender = contender;
  }

  static async prepare(contender: Contender, stage: Stage): Promise<Trial> {
    const trial = new Trial(contender);
    await trial.#attempt("start", async () => void (trial.#launch = await contender.prepare(stage)));
    return trial;
  }

  get name(): string {
    return this.#contender.name;
  }

  async round(programme: Programme, load: Load, originals: Originals): Promise<void> {
    await this.#attempt("start", async () => {
      if (this.#launch === undefined) return;
      const { target, command, byWorkers } = this.#launch;
      const begun = performance.now();
      await using program = command === undefined ? undefined : new Program(command);
      if (program !== undefined) {
        await untilReady(program, target);
        this.#note("readyMs", performance.now() - begun);
        await sleep(restMs);
        this.#note("rssMb", useOf(program.pid).rssBytes / 1e6);
      }
      const subject = { target, pid: program?.pid, byWorkers, load, plan: programme.plan };
      await this.#parts(programme, subject, originals);
    });
  }

  findings(): Findings {
    const { name, note } = this.#contender;
    const figures = new Map([...this.#measured].map(([key, values]) => [key, spreadOf(values)] as const));
    return { name, ...(note !== undefined && { note }), figures, failures: this.#failures };
  }

  async #parts({ parts }: Programme, subject: Subject, originals: Originals): Promise<void> {
    for (const manner of ["answer", "fixed"] as const)
      await this.#attempt(equality[manner], () => compare(subject.target, manner, originals));
    for (const { name, needs, measure } of parts) {
      if (this.#failures.has(equality[needs])) continue;
      await this.#attempt(name, async () => {
        for (const [key, value] of Object.entries(await measure(subject)))
          this.#note(key as FigureKey, value);
      });
    }
  }

  #note(key: FigureKey, value: number): void {
    const values = this.#measured.get(key);
    if (values === undefined) this.#measured.set(key, [value]);
    else values.push(value);
  }

  /** Does it unless it has failed before; a failure is noted. */
  async #attempt(what: string, doing: () => Promise<void>): Promise<void> {
    if (this.#failures.has(what)) return;
    try {
      await doing();
    } catch (error) {
      this.#failures.set(what, error instanceof Error ? error.message : String(error));
    }
  }
}

/** What the comparison of bytes is called among the failures. */
const equality = { answer: "equal bytes, unary", fixed: "equal bytes, SSE" } as const;
