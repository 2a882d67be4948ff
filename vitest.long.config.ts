import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** `npm run test:long`: what takes minutes, such as building the container image. */
export default defineConfig({
  test: {
    ...base.test,
    include: ["test/**/*.long.ts"],
    // They measure, too: one at a time.
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 1_200_000,
  },
});
