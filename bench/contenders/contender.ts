import type { Target } from "../load/target.ts";
import type { Command } from "../program.ts";
import type { Stage } from "../stage.ts";

/** One way from a plain request to the upstream. */
export interface Contender {
  readonly name: string;
  /** What must be known beside its figures. */
  readonly note?: string;
  /** Writes what it needs into the stage's folder, once in a run; it is then started anew in each round. */
  readonly prepare: (stage: Stage) => Promise<Launch>;
}

export interface Launch {
  /** Absent where no gateway stands in between. */
  readonly command?: Command;
  readonly target: Target;
  /** Where it can share its work among processes. */
  readonly byWorkers?: OneAndTwo;
}

/** A gateway that writes to its log when it is ready. */
export interface Launched {
  readonly command: Command;
  readonly target: Target;
}

/** The same gateway with one worker, and with two. */
export interface OneAndTwo {
  readonly one: Launched;
  readonly two: Launched;
}

/** What an application sends that has no credential: the contender must put the right one in its place. */
export const dummy = { authorization: "Bearer no_key" } as const;
