import type { Failure, Phase } from "./upstream/failure.ts";

/**
 * How a request ended: who ended it, and in which phase (HAProxy calls these termination states). The `operator` is
 * whoever stops a request through the console or its API; the `shutdown` is that of this process.
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
  | `shutdown-${"request" | Phase}`
  | "postern-internal";

/** Who can stop a request that is on its way. */
export type StoppedBy = "operator" | "shutdown";

/** The outcome of a failed exchange. */
export function outcomeOf({ by, phase }: Failure): Outcome {
  return by === "postern" ? "postern-request" : `${by}-${phase}`;
}
