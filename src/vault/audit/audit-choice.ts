import type { Entry } from "./audit-entry.ts";

/** Which uses somebody wants to see; what is undefined chooses all. */
export interface Choice {
  readonly item?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly action?: string | undefined;
  readonly since?: Date | undefined;
  /** Only those that met an error. */
  readonly failed: boolean;
}

/** Whether a use is among those that are wanted. */
export function choosing(choice: Choice): (entry: Entry) => boolean {
  return ({ at, item, endpoint, action, error }) =>
    (choice.since === undefined || new Date(at) >= choice.since) &&
    (choice.item === undefined || item === choice.item) &&
    (choice.endpoint === undefined || endpoint === choice.endpoint) &&
    (choice.action === undefined || action === choice.action) &&
    (!choice.failed || error !== undefined);
}
