import { randomBytes } from "node:crypto";
import { problem } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Config } from "./config.ts";
import { addKey, type NewKey } from "./edit.ts";
import { digestOf, faultOfKeyName } from "./local-keys.ts";

/** What an application's key may use, as somebody asks for it; what is not named is not limited. */
export interface Allowance {
  readonly endpoints?: readonly string[] | undefined;
  readonly models?: readonly string[] | undefined;
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** With so many random bits nobody finds the key to a hash, however fast the hash is. */
const keyBytes = 32;

/** A new key for an application. */
export const makeKey = (): Secret => new Secret(`postern-${randomBytes(keyBytes).toString("base64url")}`);

/** Throws local_key_name_invalid, or local_key_taken. */
export function refuseNewName(name: string, { keys }: Config): void {
  const fault = faultOfKeyName(name);
  if (fault !== undefined) throw problem("local_key_name_invalid", fault);
  if (keys?.has(name) === true) throw problem("local_key_taken", { name });
}

/** Throws local_key_absent. */
export function refuseUnknownName(name: string, { keys }: Config): void {
  if (keys?.has(name) === true) return;
  throw problem("local_key_absent", { name, known: [...(keys?.keys() ?? [])] });
}

/** The change of the configuration's text that adds the key by its hash. */
export const addingKey =
  (name: string, key: Secret, allowance: Allowance) =>
  (text: string): string =>
    addKey(text, name, entryOf(key, allowance));

function entryOf(key: Secret, { endpoints, models, ...most }: Allowance): NewKey {
  const limits = {
    ...(most.requestsPerMinute === undefined ? {} : { "requests-per-minute": most.requestsPerMinute }),
    ...(most.tokensPerMinute === undefined ? {} : { "tokens-per-minute": most.tokensPerMinute }),
    ...(most.concurrency === undefined ? {} : { concurrency: most.concurrency }),
  };
  return {
    hash: `sha256:${digestOf(key.expose())}`,
    ...(endpoints === undefined || endpoints.length === 0 ? {} : { endpoints }),
    ...(models === undefined || models.length === 0 ? {} : { models }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}
