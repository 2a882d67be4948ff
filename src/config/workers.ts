import type { Reading } from "./reading.ts";

/** More processes than any machine that runs a sidecar has cores. */
const mostWorkers = 256;

/** What the key takes, for the JSON Schema. */
export const workersSchema = {
  anyOf: [{ const: "auto" }, { type: "integer", minimum: 1, maximum: mostWorkers }],
} as const;

/** Reads `workers:`, how many processes serve requests; "auto" is as many as the machine runs at once. */
export function parseWorkers(found: unknown): Reading<number | "auto"> {
  if (found === "auto") return { value: found };
  if (typeof found === "number" && Number.isInteger(found) && found >= 1 && found <= mostWorkers)
    return { value: found };
  return {
    wrong: `found ${wordsOf(found)}; wanted auto or a whole number from 1 to ${mostWorkers}`,
    wayOut: "write it as in workers: auto, for one process per core, or workers: 1",
  };
}

function wordsOf(found: unknown): string {
  if (found === null) return "nothing";
  if (typeof found === "object") return Array.isArray(found) ? "a list" : "a map";
  return typeof found === "string" ? `"${found.slice(0, 60)}"` : JSON.stringify(found);
}
