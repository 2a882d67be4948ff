import { Passing } from "./passing.ts";
import type { ExchangeSink } from "./exchange.ts";
import type { ResponseHead } from "./response-reader.ts";

/** The place of a Hub's origin on this side. */
export interface HubPlace {
  /** The Hub's own origin, as the configuration has it. */
  readonly origin: string;
  /** The local path that stands for it: `/hub/raw`. */
  readonly path: string;
  /** The origin by which the client has called us; undefined where it did not say. */
  readonly local: string | undefined;
}

/**
 * An answer of a Hub whose redirects and links to the Hub itself lead back here, where the token is attached. Those to
 * another origin, such as its CDN's presigned addresses, stay as they are: the client follows them, and no token of ours
 * goes along.
 */
export class HubLinks extends Passing {
  readonly #place: HubPlace;

  constructor(to: ExchangeSink, place: HubPlace) {
    super(to);
    this.#place = place;
  }

  override head(head: ResponseHead): void {
    super.head({ ...head, rawHeaders: homeward(head.rawHeaders, this.#place) });
  }
}

/** The headers with local addresses in the place of the Hub's own. */
export function homeward(rawHeaders: readonly string[], place: HubPlace): readonly string[] {
  return rawHeaders.map((value, index) => {
    if (index % 2 === 0) return value;
    switch ((rawHeaders[index - 1] ?? "").toLowerCase()) {
      // As a path alone: huggingface_hub follows redirects within a host, and takes those to a whole address for the CDN's.
      case "location":
      case "content-location":
        return localOf(value, place, "");
      // Whole: clients take the target of a link as it is (RFC 8288 §3).
      case "link":
        return value.replaceAll(
          /<([^<>]*)>/g,
          (_, target: string) => `<${localOf(target, place, place.local ?? "")}>`,
        );
      default:
        return value;
    }
  });
}

/** The local address for a reference, if it names something at the Hub's own origin; else the reference itself. */
function localOf(reference: string, { origin, path }: HubPlace, before: string): string {
  const authority = /^(?:https?:)?\/\/[^/?#\\]*/i.exec(reference)?.[0];
  // A path from the root on; one that is relative to the request's own path is so on this side too.
  if (authority === undefined) return reference.startsWith("/") ? before + path + reference : reference;
  const rest = reference.slice(authority.length);
  if (rest.startsWith("\\") || URL.parse(authority, origin)?.origin !== origin) return reference;
  return `${before}${path}${rest.startsWith("/") ? "" : "/"}${rest}`;
}
