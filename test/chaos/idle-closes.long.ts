import { test } from "vitest";
import { survivesIdleCloses } from "./idle-closes.ts";

test(
  "100,000 requests to an endpoint that closes idle connections at random: no client sees an error",
  () => survivesIdleCloses(100_000),
  1_800_000,
);
