import { test } from "vitest";
import { cancelsAtOnce } from "./cancellation.ts";
import { startNginxGateway } from "./nginx-gateway.ts";

test(
  "100 clients that leave at once, 20 times, before headers and in mid-stream, each cancel their request",
  () => cancelsAtOnce(100, 20, startNginxGateway),
  600_000,
);
