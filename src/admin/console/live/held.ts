import { useRef } from "preact/hooks";
import type { SeenRequest } from "../../api/shapes/live.ts";
import type { Lately } from "./lately.ts";

/**
 * What is to be shown: while it is held, the rows stay those that they were, each in its newest state, so that nothing
 * moves under the reader's eyes, pointer or focus.
 */
export function useHeld(lately: Lately, held: boolean): { readonly view: Lately; readonly missed: number } {
  const shown = useRef(lately);
  // What was drawn last stays: the news that come with the hold are the first to wait.
  if (!held) shown.current = lately;
  const { ended, inFlight, arrived } = shown.current;
  if (!held) return { view: lately, missed: 0 };
  return {
    view: { ...lately, ended, inFlight: renewed(inFlight, lately) },
    missed: lately.arrived - arrived,
  };
}

/** The same requests as they are now: those that have ended since tell their outcome. */
function renewed(before: readonly SeenRequest[], { inFlight, ended }: Lately): readonly SeenRequest[] {
  const now = new Map([...ended, ...inFlight].map((request) => [request.id, request]));
  return before.map((request) => now.get(request.id) ?? request);
}
