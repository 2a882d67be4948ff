import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/config.ts";
import type { Binding } from "../gateway/server.ts";

/** The gateway's own listeners, then those of single endpoints. */
export function bindingsOf({ listen, endpoints }: Config): readonly Binding[] {
  return [
    ...listen.map((address) => ({ address, endpoint: undefined })),
    ...[...endpoints.values()].flatMap(({ name, listen }) =>
      listen.map((address) => ({ address, endpoint: name })),
    ),
  ];
}

/** What a running gateway cannot change, by the keys of the file. */
const restartOnly = (config: Config) => ({
  listen: bindingsOf(config),
  admin: config.admin,
  workers: config.workers,
  vault: config.vault,
  identity: config.identity,
});

/** The keys of the file in which two configurations differ, and which only a restart changes. */
export function needingRestart(one: Config, other: Config): readonly string[] {
  const [a, b] = [restartOnly(one), restartOnly(other)];
  return (Object.keys(a) as (keyof typeof a)[]).filter((key) => !isDeepStrictEqual(a[key], b[key]));
}
