import { hash, timingSafeEqual } from "node:crypto";
import type { LocalKeyConfig } from "../../config/config.ts";
import { problem } from "../../errors.ts";
import type { IncomingRequest } from "../local/incoming-request.ts";
import { fieldValues } from "../message.ts";

/** The headers in which the SDKs send an API key: OpenAI's in the first, Anthropic's and Azure's in the others. */
const plainHeaders = ["x-api-key", "api-key"] as const;

/**
 * The local keys of the applications. Only their SHA-256 is here, and so is the time in which one is found out: every
 * digest is compared, each in a time that does not depend on where it differs.
 */
export class Keyring {
  readonly #keys: readonly { readonly digest: Buffer; readonly key: LocalKeyConfig }[];

  constructor(keys: Iterable<LocalKeyConfig>) {
    this.#keys = [...keys].map((key) => ({ digest: Buffer.from(key.digest, "hex"), key }));
  }

  /**
   * Whose request this is.
   *
   * @throws PosternError local_key_required, local_key_unknown, request_headers_invalid
   */
  identify(incoming: Pick<IncomingRequest, "rawHeaders">): LocalKeyConfig {
    const [presented, ...others] = new Set(presentedIn(incoming));
    if (presented === undefined) throw problem("local_key_required", undefined);
    // Which of them is meant is the client's to say: the other may be a secret that belongs elsewhere.
    if (others.length > 0)
      throw problem("request_headers_invalid", { reason: "they carry two different API keys" });
    const digest = hash("sha256", presented, "buffer");
    let found: LocalKeyConfig | undefined;
    for (const { digest: known, key } of this.#keys) if (timingSafeEqual(known, digest)) found = key;
    if (found === undefined) throw problem("local_key_unknown", undefined);
    return found;
  }
}

function presentedIn({ rawHeaders }: Pick<IncomingRequest, "rawHeaders">): string[] {
  const bearers = fieldValues(rawHeaders, "authorization").flatMap(
    (value) => /^bearer +(\S+)$/i.exec(value)?.[1] ?? [],
  );
  const plain = plainHeaders.flatMap((name) => fieldValues(rawHeaders, name));
  return [...bearers, ...plain.filter((value) => value !== "")];
}
