import { randomBytes } from "node:crypto";
import { digestOf } from "../../src/config/local-keys.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

/** Keys as `postern key add` makes them, by name. */
export const makeKeys = <const N extends string>(...names: readonly N[]): Readonly<Record<N, string>> =>
  Object.fromEntries(
    names.map((name) => [name, `postern-canary-${randomBytes(32).toString("base64url")}`]),
  ) as Record<N, string>;

export const hashOf = (key: string): string => `sha256:${digestOf(key)}`;

/** Headers of a JSON request that brings a key as OpenAI's SDKs do. */
export const bringing = (key: string): readonly string[] => [
  "Content-Type: application/json",
  `Authorization: Bearer ${key}`,
];

/** Two endpoints on one upstream: `private` serves model-a, `second` serves model-b and the alias short. */
export const startWithKeys = (
  keys: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<PrivateEndpoint> =>
  startPrivateEndpoint({
    settings: { keys, ...settings },
    endpoint: { models: ["model-a"] },
    others: (origin) => ({
      second: {
        url: `${origin}/second/v1`,
        credentials: ["gen-cert"],
        ca: "server-ca.pem",
        models: ["model-b"],
        aliases: { short: "model-b" },
      },
    }),
  });
