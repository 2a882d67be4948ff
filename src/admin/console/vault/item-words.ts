import type { Item } from "../../api/shapes/item.ts";

/** The item's place in the API. */
export const pathOf = ({ name }: Pick<Item, "name">): string => `/items/${encodeURIComponent(name)}`;

/** `the endpoint private-2`, `the endpoints a, b and c`, at the beginning of a sentence. */
export function namesOf(endpoints: readonly string[]): string {
  const [first = "", ...more] = endpoints;
  if (more.length === 0) return `The endpoint ${first}`;
  return `The endpoints ${[first, ...more.slice(0, -1)].join(", ")} and ${more.at(-1) ?? ""}`;
}
