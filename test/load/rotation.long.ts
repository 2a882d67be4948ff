import { describe, test } from "vitest";
import { rotatesUnderLoad } from "./rotation.ts";

const whole = { streams: 300, clients: 16, rotations: 10, changes: 5 };

describe("while certificate and token change ten times, 300 streams and a steady load lose nothing", () => {
  for (const workers of [1, 2])
    for (const mounted of [false, true])
      test(`when files are ${mounted ? "mounted and swapped" : "written in place"}; workers: ${workers}`, () =>
        rotatesUnderLoad({ ...whole, workers, mounted }));
});
