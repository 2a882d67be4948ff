import type { Config } from "../config/config.ts";
import { localOrigin } from "../config/local-bases.ts";
import { problem } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { type Item, itemOf } from "../vault/item.ts";
import { kinds } from "../vault/kinds/index.ts";
import { factOf } from "../vault/kinds/value.ts";

/** A variable that an item of the vault gives. */
export interface VaultVariable {
  readonly name: string;
  readonly value: Secret;
  /** The item's name. */
  readonly item: string;
}

/** The environment for a program. */
export interface Environment {
  readonly env: Readonly<Record<string, string>>;
  /** Names whose value in the caller's own environment was another one. */
  readonly replaced: readonly string[];
}

/** Where a local key may be given to `run` itself; programs get it under the names that they know. */
export const localKeyVariable = "POSTERN_LOCAL_KEY";

/**
 * The variables of the named items; without names, of all items that can be variables. Throws `item_unknown`,
 * `variable_unfit`, and `variable_ambiguous` where two give the same one.
 */
export function vaultVariables(
  items: readonly Item[],
  names: readonly string[] | undefined,
): readonly VaultVariable[] {
  const chosen = names === undefined ? items.filter(isVariable) : names.map((name) => fitting(items, name));
  const variables = new Map<string, VaultVariable>();
  for (const item of new Set(chosen)) {
    const name = nameOf(item);
    const other = variables.get(name);
    if (other !== undefined)
      throw problem("variable_ambiguous", { variable: name, known: [other.item, item.name] });
    variables.set(name, { name, value: kinds[item.kind].reveal(item), item: item.name });
  }
  return [...variables.values()];
}

/** Whether an item can be a variable. */
export const isVariable = ({ kind }: Item): boolean =>
  kind === "environment-variable" || kind === "hugging-face-token";

const nameOf = (item: Item): string =>
  item.kind === "hugging-face-token" ? "HF_TOKEN" : factOf(item, "variable");

function fitting(items: readonly Item[], name: string): Item {
  const item = itemOf(items, name);
  if (!isVariable(item)) throw problem("variable_unfit", { item: name, kind: item.kind });
  return item;
}

/**
 * The variables by which programs find the gateway, each with the name that its readers know; undefined where no
 * listener has a port that is known beforehand. Programs insist on a key, so they get one: a dummy where none is
 * demanded.
 */
export function gatewayVariables(config: Config, key: string): Readonly<Record<string, string>> | undefined {
  const address = config.listen.find((listen) => "port" in listen && listen.port !== 0);
  if (address === undefined) return undefined;
  const origin = localOrigin(address);
  const base = `${origin}/v1`;
  const hubs = [...config.endpoints.values()].filter(({ type }) => type === "hugging-face");
  const [hub] = hubs;
  return {
    OPENAI_BASE_URL: base,
    OPENAI_API_BASE: base,
    OPENAI_API_BASE_URL: base,
    OPENAI_API_KEY: key,
    // Its readers add /v1 themselves.
    ANTHROPIC_BASE_URL: origin,
    ANTHROPIC_AUTH_TOKEN: key,
    COPILOT_PROVIDER_BASE_URL: base,
    COPILOT_PROVIDER_API_KEY: key,
    ...(hub !== undefined && hubs.length === 1 && { HF_ENDPOINT: `${origin}/${hub.name}/raw` }),
  };
}

/** The caller's environment; over it the gateway's variables; over both the vault's. */
export function environmentOf(
  inherited: Readonly<Record<string, string | undefined>>,
  gateway: Readonly<Record<string, string>>,
  vault: readonly VaultVariable[],
): Environment {
  const given = {
    ...gateway,
    ...Object.fromEntries(vault.map(({ name, value }) => [name, value.expose()])),
  };
  const rest = Object.entries(inherited).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[0] !== localKeyVariable,
  );
  return {
    env: { ...Object.fromEntries(rest), ...given },
    replaced: Object.keys(given).filter(
      (name) => inherited[name] !== undefined && inherited[name] !== given[name],
    ),
  };
}
