import type { Config } from "../../config/config.ts";
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

export const rulesOf = ({
  keys,
  allowHosts,
  allowOrigins,
  limits,
}: Pick<Config, "keys" | "allowHosts" | "allowOrigins" | "limits">): Rules =>
  Object.freeze({
    keyring: keys === undefined ? undefined : new Keyring(keys.values()),
    welcome: { hosts: new Set(allowHosts), origins: new Set(allowOrigins) },
    bodyBytes: limits.bodyBytes,
    connections: limits.connections,
  });
