import type { Io } from "../../src/cli/io.ts";

/** What a command is given that no signal ends. */
export const unending = (): Pick<Io, "ended" | "hold"> => ({
  ended: new AbortController().signal,
  hold: () => ({ [Symbol.dispose]: () => {} }),
});
