import { formatAddress } from "./address.ts";
import type { Address, Config } from "./config.ts";

/**
 * The base URLs under which a running gateway serves an endpoint: its path on the first common listener, and its own
 * listeners. A port 0 is known only once the gateway runs.
 *
 * @param first where the first common listener turned out to be: a base URL, or `unix:/path`
 */
export function localBases(config: Config, endpoint: string, first?: string): readonly string[] {
  const common = config.listen.slice(0, 1).map((address) => baseOf(address, `/${endpoint}/v1`));
  const own = (config.endpoints.get(endpoint)?.listen ?? []).map((address) => baseOf(address, "/v1"));
  return [...(first?.startsWith("http:") === true ? [`${first}/${endpoint}/v1`] : common), ...own];
}

function baseOf(address: Address, path: string): string {
  if ("socket" in address) return `http://localhost${path} on ${formatAddress(address)}`;
  return address.port === 0
    ? `${path} on the port that postern serve prints`
    : `http://${formatAddress(address)}${path}`;
}
