import type { Choosing } from "../../config/config.ts";

/** One of several endpoints that serve a model, as the choice between them sees it. */
export interface Candidate {
  /** How often it is the first, in proportion to the others' weights; 0 is never. */
  readonly weight: number;
  /** Requests of this process that it has now. */
  readonly inFlight: number;
  /** The share of its usual requests that it is to get, from 0 (it has failed) to 1 (it is well). */
  readonly share: number;
}

/**
 * The order in which candidates are asked. Those that are well come first, in the order that `choose` makes; one that
 * returns is with them as often as its share says. The others stand at the end in the order of the file, those that
 * return before those that have failed: so when all have failed, all are still asked.
 *
 * @param random from 0 up to, but not including, 1
 */
export function ordered<C extends Candidate>(
  candidates: readonly C[],
  choose: Choosing,
  random: () => number,
): C[] {
  const well = candidates.filter(({ share }) => share >= 1 || (share > 0 && random() < share));
  const rest = candidates.filter((candidate) => !well.includes(candidate));
  return [
    ...orders[choose](well, random),
    ...rest.filter(({ share }) => share > 0),
    ...rest.filter(({ share }) => share <= 0),
  ];
}

const orders: Readonly<
  Record<Choosing, <C extends Candidate>(candidates: readonly C[], random: () => number) => readonly C[]>
> = {
  "in-order": (candidates) => candidates,
  weighted: byWeight,
  "least-in-flight": byLoad,
};

/** The weights decide who is the first; the others follow in their order. */
function byWeight<C extends Candidate>(candidates: readonly C[], random: () => number): readonly C[] {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  // With weights that are all 0, the first one is nobody: they stay in order.
  const first = candidates.find(({ weight }) => (left -= weight) < 0);
  return first === undefined ? candidates : [first, ...candidates.filter((other) => other !== first)];
}

/**
 * The plain minimum, not the better of two at random: the counts are this process's own and exact, and the candidates
 * are few. Of several that have equally few, any one is the first, so that quiet times are shared out too.
 */
function byLoad<C extends Candidate>(candidates: readonly C[], random: () => number): readonly C[] {
  const sorted = candidates.toSorted((a, b) => a.inFlight - b.inFlight);
  const least = sorted.filter(({ inFlight }) => inFlight === sorted[0]?.inFlight);
  const first = least[Math.floor(random() * least.length)];
  return first === undefined ? sorted : [first, ...sorted.filter((other) => other !== first)];
}
