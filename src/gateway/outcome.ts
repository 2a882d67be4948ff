import type { Failure, Phase } from "./upstream/failure.ts";

/**
 * How a request ended: who ended it, and in which phase (HAProxy calls these termination states). The `operator` is
 * whoever stops a request through the console or its API.
 * `done` is a complete answer, whatever its status. The phases: `request` while it is read and routed, `connect`,
 * `wait` until the answer's head, `stream` until the answer's end.
 */
export type Outcome =
  | "done"
  | "postern-request"
  | `client-${"request" | Phase}`
  | `upstream-${Phase}`
  | `timeout-${"request" | Phase}`
  | `operator-${Phase}`
  | "postern-internal";

/** The outcome of a failed exchange. */
export function outcomeOf({ by, phase }: Failure): Outcome {
  return `${by}-${phase}`;
}
