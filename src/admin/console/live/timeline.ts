import type { SeenRequest } from "../../api/shapes/live.ts";

/** A stretch of a request's life. */
export interface Stretch {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a request was doing until it reached each mark. */
const marks = [
  ["queueMs", "reading and routing"],
  ["connectMs", "connecting"],
  ["firstByteMs", "waiting for the answer"],
  ["firstTokenMs", "waiting for the first token"],
] as const;

/** The stretches of a request, one after the other; the last is the one in which it ended, or is now. */
export function stretchesOf({ timeline, durationMs }: SeenRequest): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let reached = 0;
  for (const [mark, name] of marks) {
    const at = timeline[mark];
    if (at === undefined && later(timeline, mark)) continue;
    // Only streams have a first token: what follows the head of another answer is its body.
    if (at === undefined && mark === "firstTokenMs") break;
    const toMs = Math.max(reached, Math.min(at ?? durationMs, durationMs));
    stretches.push({ name, fromMs: reached, toMs });
    if (at === undefined) return stretches;
    reached = toMs;
  }
  const name = timeline.firstTokenMs === undefined ? "answering" : "streaming";
  return [...stretches, { name, fromMs: reached, toMs: Math.max(reached, durationMs) }];
}

/** Whether a request that has no such mark has a later one: it went another way, as an answer of the cache does. */
function later(timeline: SeenRequest["timeline"], mark: (typeof marks)[number][0]): boolean {
  const at = marks.findIndex(([name]) => name === mark);
  return marks.slice(at + 1).some(([name]) => timeline[name] !== undefined);
}
