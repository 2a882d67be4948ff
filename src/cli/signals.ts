import { readFileSync } from "node:fs";

/**
 * What a wrapped program may be sent. SIGTSTP, SIGCONT and SIGWINCH reach both from the terminal, and need nobody;
 * SIGUSR1 is never seen here, for `bin/postern` turns Node's inspector off and the signal with it.
 */
const passedOn = ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR2"] as const;
/** What a terminal sends to all programs in its foreground at once. */
const fromKeys: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT"]);

/**
 * Takes over the signals that this process is sent, its other listeners aside, until the result is called. `fromTerminal` is
 * true where a wrapped program in the same process group has got it, too.
 */
export function takeSignals(
  heard: (signal: NodeJS.Signals, fromTerminal: boolean) => void,
  isTerminal: boolean,
): () => void {
  const giveBack = passedOn.map((signal) => {
    const others = process.listeners(signal);
    const listener = (): void => heard(signal, fromKeys.has(signal) && inForeground(isTerminal));
    process.removeAllListeners(signal);
    process.on(signal, listener);
    return () => {
      process.off(signal, listener);
      for (const other of others) process.on(signal, other);
    };
  });
  return () => giveBack.forEach((back) => back());
}

/** Whether this process stands in the foreground of its terminal, so that the keys of the terminal reach it. */
function inForeground(isTerminal: boolean): boolean {
  try {
    // Behind the command's name, which may hold anything: state, ppid, pgrp, session, tty_nr, tpgid (proc_pid_stat(5)).
    const stat = readFileSync("/proc/self/stat", "latin1");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return isTerminal;
  }
}
