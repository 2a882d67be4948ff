import { test } from "vitest";
import { isWatched } from "./live-load.ts";

test("who watches live traffic is told of all of it, and neither streams nor memory notice", () =>
  isWatched({ streams: 40, requestsPerSecond: 50, pairs: 1, partMs: 1_500 }));
