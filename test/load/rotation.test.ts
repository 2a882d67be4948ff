import { describe, test } from "vitest";
import { rotatesUnderLoad } from "./rotation.ts";

const short = { streams: 30, clients: 4, rotations: 3, changes: 3 };

describe("while certificate, token and configuration change, 30 streams and a steady load lose nothing", () => {
  test("when the files are written in place", () =>
    rotatesUnderLoad({ ...short, workers: 1, mounted: false }));
  test("when they lie in mounted folders that are swapped, and two workers serve", () =>
    rotatesUnderLoad({ ...short, workers: 2, mounted: true }));
});
