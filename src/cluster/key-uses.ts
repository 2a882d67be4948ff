import type { Upstream } from "../gateway/upstream/upstream.ts";
import type { Recorder } from "../vault/audit/audit.ts";

/** Records which local key used which endpoint's items: once for each value of them, and not for each request. */
export class KeyUses {
  /** The version of the attachment that was recorded last, by endpoint and then by key. */
  #seen = new Map<string, Map<string, string>>();

  record(key: string, { endpoint, attachment }: Upstream, record: Recorder): void {
    const keys = this.#seen.get(endpoint.name) ?? new Map<string, string>();
    if (keys.get(key) === attachment.version) return;
    keys.set(key, attachment.version);
    this.#seen.set(endpoint.name, keys);
    for (const item of endpoint.credentials)
      record({ action: "attach", item, endpoint: endpoint.name, key, about: endpoint.origin });
  }
}
