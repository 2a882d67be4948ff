import { type ChildProcess, spawn } from "node:child_process";
import { reasonOf } from "../../errors.ts";
import { largestTokenBytes, SourceFault } from "./source-fault.ts";

/** A command that takes longer is killed, with all that it has started. */
const longestRunMs = 30_000;

/**
 * Runs a command with `/bin/sh -c`, and returns what it has written to standard output. It has the environment of this
 * process, `/` as its folder and no input; its standard error goes nowhere, as it may hold secrets.
 *
 * @param stop ends it early
 * @param withinMs it is killed after so long
 * @throws SourceFault when it fails, or writes or takes too much
 */
export function runTokenCommand(
  command: string,
  stop: AbortSignal,
  withinMs = longestRunMs,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // A process group of its own: what the shell has started ends with it.
    const child = spawn("/bin/sh", ["-c", command], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const parts: Buffer[] = [];
    let bytes = 0;
    let over = false;
    const settle = (told: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      stop.removeEventListener("abort", onStop);
      told();
    };
    const fail = (reason: string): void => settle(() => reject(new SourceFault(reason)));
    const giveUp = (reason: string): void => {
      if (!over) killGroup(child);
      fail(reason);
    };
    const onStop = (): void => giveUp("its command was stopped");
    const timer = setTimeout(() => giveUp(`its command took longer than ${withinMs / 1000} s`), withinMs);
    stop.addEventListener("abort", onStop);
    child.once("error", (error) => fail(`its command cannot be run: ${reasonOf(error)}`));
    child.stdout.on("data", (part: Buffer) => {
      parts.push(part);
      bytes += part.length;
      if (bytes > largestTokenBytes) giveUp("its command prints more than 64 KiB");
    });
    // Also of what the shell has started: it may still write.
    child.once("close", (status: number | null, signal: string | null) => {
      if (status !== 0)
        fail(`its command ended ${signal === null ? `with status ${status}` : `by ${signal}`}`);
      else settle(() => resolve(Buffer.concat(parts).toString()));
    });
    if (stop.aborted) onStop();
  });
}

/** Ends a command that runs, and what it has started. */
function killGroup({ pid, stdout }: ChildProcess): void {
  stdout?.destroy();
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
