import { defineConfig } from "vite";
import { compressed } from "./tools/compressed.ts";
import { notices } from "./tools/notices.ts";

/** The console: built into static files that the admin listener serves. */
export default defineConfig({
  root: "src/admin/console",
  base: "/",
  plugins: [notices, compressed],
  oxc: { jsx: { importSource: "preact" } },
  build: {
    outDir: "../../../dist/console",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    // Compressing takes half of the time, and may.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  logLevel: "warn",
});
