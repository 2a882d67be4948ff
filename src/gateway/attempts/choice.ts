import type { Choosing } from "../../config/config.ts";

/** One of several endpoints that serve a model, as the choice between them sees it. */
export interface Candidate {
  /** How often it comes before others, in proportion to their weights; with 0 it comes behind them. */
  readonly weight: number;
  /** Requests of this process that it has now. */
  readonly inFlight: number;
  /** The share of its usual requests that it is to get, from 0 (it has failed) to 1 (it is well). */
  readonly share: number;
}

/**
 * The order in which candidates are asked. Those that are well come first; one that returns is with them as often as its
 * share says. Behind them stand the others that return, and at the end those that have failed. Each of these rows is in
 * the order that `choose` makes: when all have failed, none of them has to bear what all have borne.
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
  const rows = [well, rest.filter(({ share }) => share > 0), rest.filter(({ share }) => share <= 0)];
  return rows.flatMap((row) => orders[choose](row, random));
}

const orders: Readonly<
  Record<Choosing, <C extends Candidate>(candidates: readonly C[], random: () => number) => readonly C[]>
> = {
  "in-order": (candidates) => candidates,
  weighted: byWeight,
  "least-in-flight": byLoad,
};

/** Drawn by weight, one after the other, so that who stands in for the first one is by weight too. */
function byWeight<C extends Candidate>(candidates: readonly C[], random: () => number): readonly C[] {
  const weighted = drawn(candidates, ({ weight }) => weight, random);
  return [...weighted, ...candidates.filter(({ weight }) => weight === 0)];
}

/**
 * The plain minimum, not the better of two at random: the counts are this process's own and exact, and the candidates
 * are few. Those that have equally few come in any order, so that quiet times are shared out too.
 */
function byLoad<C extends Candidate>(candidates: readonly C[], random: () => number): readonly C[] {
  return drawn(candidates, () => 1, random).toSorted((a, b) => a.inFlight - b.inFlight);
}

/** Those that have a weight, in the order in which a lottery draws them. */
function drawn<C>(candidates: readonly C[], weightOf: (candidate: C) => number, random: () => number): C[] {
  const left = candidates.filter((candidate) => weightOf(candidate) > 0);
  const order: C[] = [];
  while (left.length > 0) {
    let ticket = random() * left.reduce((sum, candidate) => sum + weightOf(candidate), 0);
    const at = left.findIndex((candidate) => (ticket -= weightOf(candidate)) < 0);
    order.push(...left.splice(at, 1));
  }
  return order;
}
