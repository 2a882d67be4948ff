import { test } from "vitest";
import { cancelsAtOnce } from "./cancellation.ts";

test("100 clients that leave at once, before headers and in mid-stream, each cancel their request", () =>
  cancelsAtOnce(100, 1));
