import type { Look, SeenRequest } from "../../api/shapes/live.ts";

/** What the page knows of the traffic. However long it stays open, it does not grow beyond its bounds. */
export interface Lately {
  /** The newest first. */
  readonly ended: readonly SeenRequest[];
  readonly inFlight: readonly SeenRequest[];
  /** More than are listed, when there are very many. */
  readonly inFlightCount: number;
  readonly lastHour: Look["lastHour"];
  /** How many requests have ended while the page was open: a pause counts from here. */
  readonly arrived: number;
}

export const mostEnded = 500;

export const nothingYet: Lately = {
  ended: [],
  inFlight: [],
  inFlightCount: 0,
  lastHour: { requests: 0, errors: 0 },
  arrived: 0,
};

/** What is known once the stream's first event has come: it tells all that counts, so that nothing old is kept. */
export function begun(before: Lately, snapshot: Look): Lately {
  const known = new Set(before.ended.map(({ id }) => id));
  const fresh = snapshot.ended.filter(({ id }) => !known.has(id)).length;
  return { ...stateOf(snapshot), ended: snapshot.ended.slice(0, mostEnded), arrived: before.arrived + fresh };
}

/** What is known after a change. */
export function changed(before: Lately, change: Look): Lately {
  return {
    ...stateOf(change),
    ended: [...change.ended, ...before.ended].slice(0, mostEnded),
    arrived: before.arrived + change.ended.length + change.leftOut,
  };
}

const stateOf = ({ inFlight, inFlightCount, lastHour }: Look) => ({ inFlight, inFlightCount, lastHour });
