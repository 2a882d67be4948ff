/** How much is measured. */
export interface Plan {
  readonly rounds: number;
  /** Seconds of load before each measurement of the unary kind: code must be hot. */
  readonly warmSeconds: number;
  /** Seconds of each measurement with many connections or streams. */
  readonly unarySeconds: number;
  /** The same with one connection or one stream, where the middle is all that is asked for. */
  readonly oneSeconds: number;
  readonly streamSeconds: number;
}

/** The whole run: under five minutes with every contender. */
export const wholePlan: Plan = {
  rounds: 3,
  warmSeconds: 0.8,
  unarySeconds: 2,
  oneSeconds: 0.7,
  streamSeconds: 2,
};

/** A short look, whose figures are rough. */
export const quickPlan: Plan = {
  rounds: 1,
  warmSeconds: 0.5,
  unarySeconds: 1,
  oneSeconds: 0.5,
  streamSeconds: 1,
};
