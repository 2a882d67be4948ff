import { formatAddress, parseAddress, reachable, type WrittenAddress } from "./address.ts";
import type { Config } from "./config.ts";

/**
 * The base URLs under which a running gateway serves an endpoint: its path on the first common listener, and its own
 * listeners. A port 0 is known only once the gateway runs.
 *
 * @param first where the first common listener turned out to be: a base URL, or `unix:/path`
 */
export function localBases(config: Config, endpoint: string, first?: string): readonly string[] {
  const [common] = first === undefined ? config.listen : boundAt(first);
  const own = config.endpoints.get(endpoint)?.listen ?? [];
  return [
    ...(common === undefined ? [] : [baseOf(common, `/${endpoint}/v1`)]),
    ...own.map((address) => baseOf(address, "/v1")),
  ];
}

/** The origin by which programs of this machine call a listener, or `unix:/path`. */
export const localOrigin = (address: WrittenAddress): string =>
  `${"socket" in address ? "" : "http://"}${formatAddress(reachable(address))}`;

/** The addresses that a listener's URL stands for: one, as it was bound. */
export function boundAt(url: string): readonly WrittenAddress[] {
  const reading = parseAddress(url.replace(/^http:\/\//, ""), true);
  return "value" in reading ? reading.value : [];
}

function baseOf(address: WrittenAddress, path: string): string {
  if ("socket" in address) return `http://localhost${path} on ${formatAddress(address)}`;
  return address.port === 0
    ? `${path} on the port that postern serve prints`
    : `${localOrigin(address)}${path}`;
}
