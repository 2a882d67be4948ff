import type { EndpointConfig } from "../../config/config.ts";
import { PosternError } from "../../errors.ts";
import type { Recorder } from "../../vault/audit/audit.ts";
import type { Item } from "../../vault/item.ts";
import { askedAmong } from "../../vault/tokens/asked-items.ts";
import { describeSource, sourceOf } from "../../vault/tokens/token-source.ts";
import type { Vault } from "../../vault/vault.ts";
import { attachmentOf } from "./attach.ts";
import { systemAuthorities } from "./dial.ts";
import { type Step, stepsTo } from "./walk-steps.ts";

/** A step of a test: what the vault holds, then the way of a request. */
export type WalkStep = Omit<Step, "name"> & { readonly name: Step["name"] | "credentials" };

/**
 * Walks the whole way of a request to an endpoint, from the vault on, and records the use of its credentials. Ends after
 * the first step that fails, or when `signal` aborts.
 */
export async function* walk(
  endpoint: EndpointConfig,
  o: { readonly vault: Vault; readonly record: Recorder; readonly signal?: AbortSignal },
): AsyncGenerator<WalkStep> {
  const { vault, record, signal = new AbortController().signal } = o;
  try {
    const find = await askedAmong(vault, endpoint.credentials, signal);
    const attachment = attachmentOf(endpoint, find, new Date());
    for (const item of endpoint.credentials)
      record({ action: "attach", item, endpoint: endpoint.name, about: endpoint.origin });
    yield { name: "credentials", ok: true, text: heldText(endpoint.credentials, find) };
    yield* stepsTo(endpoint, attachment, systemAuthorities(), signal);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof PosternError)) throw error;
    yield { name: "credentials", ok: false, text: error.message, hint: error.hint };
  }
}

/** Where the credentials come from. */
function heldText(names: readonly string[], find: (name: string) => Item | undefined): string {
  const held = names.map((name) => {
    const item = find(name);
    const source = item && sourceOf(item);
    return source === undefined ? name : `${name} (from the ${describeSource(source)})`;
  });
  return `the vault holds ${held.join(", ")}`;
}
