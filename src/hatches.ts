/**
 * Closes the ways by which Node.js shows the inside of a process, and the secrets in its memory and environment, to
 * whoever may send it a signal: SIGUSR1 opens the inspector unless somebody listens for it, and diagnostic reports are
 * written at a signal or a crash where NODE_OPTIONS asks for them.
 */
export function closeHatches(process: NodeJS.Process): void {
  process.on("SIGUSR1", () => {});
  const { report } = process;
  report.reportOnSignal = false;
  report.reportOnFatalError = false;
  report.reportOnUncaughtException = false;
  report.excludeEnv = true;
  // Without the report, Node's own default for it would end the process.
  process.on("SIGUSR2", () => {});
}
