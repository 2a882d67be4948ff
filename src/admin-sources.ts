import type { Logger } from "pino";
import type { Reloads } from "./admin/reloads.ts";
import type { AdminSources } from "./admin/sources.ts";
import type { Config } from "./config/config.ts";
import type { Checked, Cluster } from "./cluster/cluster.ts";
import { wrongPairs } from "./cluster/wrong-pairs.ts";
import { PosternError, problem, reasonOf } from "./errors.ts";
import { incomingOf } from "./gateway/local/incoming-request.ts";
import { guard } from "./gateway/local/guard.ts";
import { Pipeline } from "./gateway/local/pipeline.ts";
import { walk } from "./gateway/upstream/walk.ts";
import type { Secret } from "./secret.ts";
import { loggedRecorder } from "./vault/audit/audit.ts";
import type { Vault } from "./vault/vault.ts";

/** A running gateway, of which the admin side sees no more than `AdminSources`. */
interface Running extends Pick<
  AdminSources,
  "reload" | "edit" | "remove" | "adminUrl" | "token" | "needsRestart"
> {
  readonly vault: Vault;
  readonly cluster: Cluster;
  readonly log: Logger;
  readonly reloads: Reloads;
  readonly consoleKey: Secret;
  /** The configuration in force, and its text. */
  readonly checked: () => Checked;
  readonly ready: () => boolean;
  readonly listen: () => readonly string[];
  readonly expiring: () => Awaited<ReturnType<AdminSources["state"]>>["expiring"];
}

/** What a running gateway offers to its admin side. */
export function adminSourcesOf(running: Running): AdminSources {
  const { vault, cluster, log, reloads, consoleKey, checked, ready, listen, expiring } = running;
  const { reload, edit, remove, adminUrl, token, needsRestart } = running;
  const config = (): Config => checked().config;
  const pipeline = new Pipeline();
  // With the configuration's place for it as it is now.
  const record: AdminSources["record"] = (use) => loggedRecorder(config(), "console", log)(use);
  return {
    guard: (req, target) => guard(incomingOf(req, target), { unixSocket: "socket" in config().admin }),
    inTurn: (socket, res, handle) => pipeline.enter(socket, res, handle),
    state: async () => ({
      ready: ready() && cluster.workers.serving > 0,
      reload: reloads.last,
      workers: cluster.workers,
      endpoints: await cluster.states(),
      expiring: expiring(),
    }),
    metrics: () => cluster.metrics(),
    known: (error) => {
      if (error instanceof PosternError) return error;
      log.error({ reason: reasonOf(error) }, "internal error");
      return problem("internal", { reason: "the log has more" }, error);
    },
    token,
    vault,
    record,
    config,
    reload,
    gateway: { listen, key: consoleKey },
    text: () => checked().sources.texts.get(config().file) ?? "",
    wrongPairs: (config) => wrongPairs(config, vault, new Date()),
    edit,
    remove,
    needsRestart,
    reloads,
    adminUrl,
    live: cluster.live,
    walk: (endpoint, signal) => walk(endpoint, { vault, record, signal }),
  };
}
