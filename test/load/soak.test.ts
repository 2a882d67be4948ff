import { test } from "vitest";
import { leavesNothingBehind } from "./soak.ts";

test("after 5,000 requests and 100 streams, memory, descriptors and listeners are where they were", () =>
  leavesNothingBehind({ requests: 5_000, streams: 100 }));
