import { test } from "vitest";
import { leavesNothingBehind } from "./soak.ts";

test(
  "after 500,000 requests and 5,000 streams, memory, descriptors and listeners are where they were",
  () => leavesNothingBehind({ requests: 500_000, streams: 5_000 }),
  3_600_000,
);
