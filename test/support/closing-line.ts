import type { UserConsoleLog } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

/** Ends the run with the one plain line that CI reads: `N passed, N failed`. */
export default class ClosingLine implements Reporter {
  #leaks = 0;

  /** What a test prints must show none of the canary values that stand for secrets. */
  onUserConsoleLog({ content }: UserConsoleLog): void {
    if (/canary-[a-z-]+-[0-9a-f]{4}/.test(content)) this.#leaks += 1;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length + this.#leaks;
    let skipped = 0;
    for (const module of modules) {
      // A file that fails to load has no tests, and must count all the same.
      if (module.state() === "failed" && module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        else if (state === "failed") failed += 1;
        else skipped += 1;
      }
    }
    const tail = skipped > 0 ? `, ${skipped} skipped` : "";
    if (this.#leaks > 0) {
      process.exitCode = 1;
      process.stdout.write(`${this.#leaks} times a canary secret was printed\n`);
    }
    // After every other reporter's own closing lines.
    process.once("exit", () => process.stdout.write(`${passed} passed, ${failed} failed${tail}\n`));
  }
}
