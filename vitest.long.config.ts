import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** `npm run test:long`: what takes minutes, such as building the container image. */
export default defineConfig({
  test: {
    ...base.test,
    include: ["test/**/*.long.ts"],
    testTimeout: 600_000,
    hookTimeout: 1_200_000,
  },
});
