import { once } from "node:events";
import { Command } from "commander";
import { type RunningApp, startApp } from "../app.ts";
import { logToStandardError } from "../log.ts";
import { settleMemory } from "../settle.ts";
import { Exit, type Io, say } from "./io.ts";
import { configFile, configOption } from "./place.ts";
import { unlockingOf } from "./vault/vault-open.ts";

/** `postern serve`: runs the gateway until it is told to end. */
export function define(io: Io): Command {
  return new Command("serve")
    .description(
      "run the gateway; SIGHUP reloads configuration and vault, SIGTERM and SIGINT drain and end it",
    )
    .option(...configOption)
    .addHelpText(
      "after",
      `
When it is ready, the first line on standard output is one JSON object:
  {"ready":true,"listen":["http://127.0.0.1:8080"],"admin":"http://127.0.0.1:8081","pid":4711}
The log follows on standard error, one JSON object a line.

Example:
  postern serve --config ~/.config/postern/postern.yaml`,
    )
    .action(async (options: { config?: string }) => {
      io.hold();
      const log = io.stderr === process.stderr ? logToStandardError() : undefined;
      const hangUps = new HangUps();
      try {
        const app = await startApp({
          configFile: configFile(io, options.config),
          logTo: log ?? io.stderr,
          unlocking: unlockingOf(io),
        });
        hangUps.obeyFor(app);
        await serve(io, app);
      } finally {
        hangUps[Symbol.dispose]();
        await log?.end();
      }
    });
}

/** SIGHUP means to reload, from the beginning on: one that comes while the gateway starts is obeyed when it is ready. */
class HangUps implements Disposable {
  #app: RunningApp | undefined;
  #early = false;
  readonly #onSignal = (): void => {
    // Its result is in the log; the process goes on either way.
    if (this.#app === undefined) this.#early = true;
    else void this.#app.reload().catch(() => {});
  };

  constructor() {
    process.on("SIGHUP", this.#onSignal);
  }

  obeyFor(app: RunningApp): void {
    this.#app = app;
    if (this.#early) this.#onSignal();
  }

  [Symbol.dispose](): void {
    process.off("SIGHUP", this.#onSignal);
  }
}

async function serve(io: Io, app: RunningApp): Promise<void> {
  settleMemory();
  say(io, JSON.stringify({ ready: true, listen: app.listen, admin: app.admin, pid: process.pid }));
  const over = AbortSignal.any([io.ended, app.lost]);
  if (!over.aborted) await once(over, "abort");
  const hurried = await stop(app);
  app.lost.throwIfAborted();
  if (hurried) throw new Exit(1);
}

/** Stops the gateway; another signal ends what is in flight at once. Resolves with whether one came. */
async function stop(app: RunningApp): Promise<boolean> {
  let hurried = false;
  const hurry = (): void => {
    hurried = true;
    // The third one is not ours: it ends the process, come what may.
    deafen();
    app.hurry();
  };
  const deafen = (): void => void process.off("SIGINT", hurry).off("SIGTERM", hurry);
  process.on("SIGINT", hurry).on("SIGTERM", hurry);
  await app.stop();
  deafen();
  return hurried;
}
