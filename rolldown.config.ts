import { defineConfig } from "rolldown";
import { notices } from "./tools/notices.ts";

// One file per command, with all that it needs: half the time to start, and less memory, than from node_modules.
export default defineConfig({
  // The program, and what its workers and threads begin with.
  input: ["src/main.ts", "src/worker.ts", "src/thread.ts"],
  platform: "node",
  // ssh2's native accelerators, which it does without.
  external: [/\.node$/, "cpu-features"],
  // ssh2 asks for it when its WebAssembly is loaded, and there is none in a module.
  transform: { define: { __dirname: "import.meta.dirname" } },
  plugins: [notices],
  output: { dir: "dist", format: "esm", cleanDir: true },
  logLevel: "warn",
});
