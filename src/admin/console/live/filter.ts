import type { SeenRequest } from "../../api/shapes/live.ts";
import { isError } from "./outcome.ts";

/** Which requests are shown. */
export interface Filter {
  /** Empty for all. */
  readonly endpoint: string;
  /** A part of the model's name, in any case. */
  readonly model: string;
  readonly errorsOnly: boolean;
}

export const noFilter: Filter = { endpoint: "", model: "", errorsOnly: false };

/** At most so many, in their order. */
export function shown(
  requests: readonly SeenRequest[],
  { endpoint, model, errorsOnly }: Filter,
  most: number,
): readonly SeenRequest[] {
  const part = model.trim().toLowerCase();
  const found: SeenRequest[] = [];
  for (const request of requests) {
    if (found.length === most) break;
    if (endpoint !== "" && request.endpoint !== endpoint) continue;
    if (part !== "" && !(request.model ?? "").toLowerCase().includes(part)) continue;
    // What is in flight has no outcome yet, and may become an error.
    if (errorsOnly && request.outcome !== undefined && !isError(request)) continue;
    found.push(request);
  }
  return found;
}
