import type { Config, LocalKeyConfig } from "../../config/config.ts";
import { consoleKeyName } from "../../config/local-keys.ts";
import type { Welcome } from "../local/guard.ts";
import { Keyring } from "./keyring.ts";

/** Who may use the gateway, and how much at once, in one frozen value: a reload makes a new one and swaps it whole. */
export interface Rules {
  /** Undefined where no local key is demanded. */
  readonly keyring: Keyring | undefined;
  readonly welcome: Welcome;
  /** Of a request's body. */
  readonly bodyBytes: number;
  /** Of local clients, in this process. */
  readonly connections: number;
}

/** @param consoleDigest of the key that the console's own requests bring; no configuration holds it */
export const rulesOf = (
  { keys, allowHosts, allowOrigins, limits }: Pick<Config, "keys" | "allowHosts" | "allowOrigins" | "limits">,
  consoleDigest?: string,
): Rules =>
  Object.freeze({
    keyring: keys === undefined ? undefined : new Keyring([...keys.values(), ...consoleKeys(consoleDigest)]),
    welcome: { hosts: new Set(allowHosts), origins: new Set(allowOrigins) },
    bodyBytes: limits.bodyBytes,
    connections: limits.connections,
  });

/** Whoever may use the console may use every endpoint, so its key reaches all of them and has no limit. */
function consoleKeys(digest: string | undefined): readonly LocalKeyConfig[] {
  if (digest === undefined) return [];
  const limits = { requestsPerMinute: undefined, tokensPerMinute: undefined, concurrency: undefined };
  return [{ name: consoleKeyName, digest, endpoints: [], models: [], limits }];
}
