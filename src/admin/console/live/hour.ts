import { useMemo, useRef } from "preact/hooks";
import type { History } from "../../api/shapes/live.ts";
import type { ApiError } from "../api-error.ts";
import { useLoaded } from "../loaded.ts";
import { type Hour, hourOf } from "./series.ts";

const everyMs = 5_000;

export interface LoadedHour {
  readonly hour: Hour | undefined;
  /** The endpoints that have a history. */
  readonly endpoints: readonly string[];
  readonly error: ApiError | undefined;
}

/** The last hour of one endpoint, or of all; until another endpoint's is there, the one before stays in sight. */
export function useHour(endpoint: string): LoadedHour {
  const path = endpoint === "" ? "/live/history" : `/live/history?endpoint=${encodeURIComponent(endpoint)}`;
  const { value, error } = useLoaded<History>(path, { everyMs });
  const last = useRef<History>(undefined);
  last.current = value ?? last.current;
  const history = last.current;
  const hour = useMemo(() => history && hourOf(history), [history]);
  return { hour, endpoints: history?.endpoints ?? [], error };
}
