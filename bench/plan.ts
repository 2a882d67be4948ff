/** How much is measured. */
export interface Plan {
  readonly rounds: number;
  /**
   * Seconds of load on a fresh process before anything is measured: what serves for days is not measured while its code
   * is being compiled, which takes Node.js two seconds.
   */
  readonly freshSeconds: number;
  /** Seconds of load before each further measurement with many connections, streams or requests. */
  readonly warmSeconds: number;
  /** Seconds of each measurement with many connections or streams. */
  readonly unarySeconds: number;
  /** The same with one connection or one stream, where the middle is all that is asked for. */
  readonly oneSeconds: number;
  readonly streamSeconds: number;
  /** Seconds of each measurement of one worker, and of two. */
  readonly workersSeconds: number;
}

/** The whole run: under five minutes with every contender. */
export const wholePlan: Plan = {
  rounds: 3,
  freshSeconds: 2.5,
  warmSeconds: 0.9,
  unarySeconds: 1.5,
  oneSeconds: 0.7,
  streamSeconds: 1.5,
  workersSeconds: 1.2,
};

/** A short look, whose figures are rough. */
export const quickPlan: Plan = {
  rounds: 1,
  freshSeconds: 1.5,
  warmSeconds: 0.5,
  unarySeconds: 1,
  oneSeconds: 0.5,
  streamSeconds: 1,
  workersSeconds: 1,
};
