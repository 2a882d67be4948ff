import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/packages.ts", "test/console/built.ts"],
    setupFiles: ["test/support/properties.ts"],
    reporters: ["default", "./test/support/closing-line.ts"],
    pool: "forks",
    // Most tests wait for programs and sockets of their own, and not for a processor.
    maxWorkers: Math.max(3, availableParallelism()),
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
