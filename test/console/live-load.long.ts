import { test } from "vitest";
import { isWatched } from "./live-load.ts";

test(
  "who watches 50 requests a second beside 200 open streams for ten minutes is told of all of it, and memory stays as it was",
  () => isWatched({ streams: 200, requestsPerSecond: 50, pairs: 10, partMs: 30_000 }),
  1_200_000,
);
