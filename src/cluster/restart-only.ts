import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/config.ts";
import type { Doorway } from "../gateway/server.ts";

/** The gateway's own listeners, then those of single endpoints. */
export function doorwaysOf({ listen, endpoints }: Config): readonly Doorway[] {
  return [
    ...listen.map((address) => ({ address, endpoint: undefined })),
    ...[...endpoints.values()].flatMap(({ name, listen }) =>
      listen.map((address) => ({ address, endpoint: name })),
    ),
  ];
}

/** What a running gateway cannot change, by the keys of the file. */
const fixedOf = (config: Config) => ({
  listen: doorwaysOf(config),
  admin: config.admin,
  workers: config.workers,
  vault: config.vault,
  identity: config.identity,
});

/** The keys of the file in which two configurations differ, and which only a restart changes. */
export function fixedDiffering(one: Config, other: Config): readonly string[] {
  const [a, b] = [fixedOf(one), fixedOf(other)];
  return (Object.keys(a) as (keyof typeof a)[]).filter((key) => !isDeepStrictEqual(a[key], b[key]));
}
