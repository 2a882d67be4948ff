/** A map of the file, each entry of which has a field of its own: what stands there. */
export type Parts = Readonly<Record<string, string | boolean>>;

/** The keys of an endpoint that are such maps. */
export type PartsKey = "timeouts" | "probe" | "cache";

/** What the fields of a map begin with. */
export const partsIn = (map: unknown): Parts =>
  Object.fromEntries(
    Object.entries(map ?? {}).map(([key, value]) => [
      key,
      typeof value === "boolean" ? value : String(value),
    ]),
  );

/** The map that the fields fill in; null where all of them are empty. */
export function mapOf(parts: Parts): Readonly<Record<string, unknown>> | null {
  const filled = Object.entries(parts).filter(([, value]) => value !== "");
  // The one quantity that the file takes without a unit, and as a number.
  return filled.length === 0
    ? null
    : Object.fromEntries(filled.map(([key, value]) => [key, value === "0" ? 0 : value]));
}
