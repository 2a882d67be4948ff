import { defineConfig } from "vite";
import { compressed } from "./tools/compressed.ts";
import { notices } from "./tools/notices.ts";
import { unused } from "./tools/unused.ts";

/** The console: built into static files that the admin listener serves. */
export default defineConfig({
  root: "src/admin/console",
  base: "/",
  plugins: [unused, notices, compressed],
  // Shorter than calls of the newer runtime, which name the children of each element.
  oxc: {
    jsx: { runtime: "classic", pragma: "jsxElement", pragmaFrag: "JsxFragment" },
    jsxInject: `import { h as jsxElement, Fragment as JsxFragment } from "preact";`,
  },
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
