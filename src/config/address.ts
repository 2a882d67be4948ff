import { isIPv4, isIPv6 } from "node:net";
import type { Reading } from "./reading.ts";

/** A place to listen, as the file writes it: a socket's path may still be relative to the file's folder. */
export type WrittenAddress = { readonly host: string; readonly port: number } | { readonly socket: string };

const wayOut = 'write it as "127.0.0.1:8080", "[::1]:8080", "localhost:8080" or "unix:/path/to/postern.sock"';

/**
 * Reads where to listen. `localhost` means both families, IPv4 first. Only this machine's own addresses are taken:
 * whoever reaches the listener uses the credentials behind it.
 *
 * @param beyondLoopback takes IP addresses that other machines can reach as well
 */
export function parseAddress(found: string, beyondLoopback = false): Reading<readonly WrittenAddress[]> {
  if (found.startsWith("unix:")) return parseSocket(found);
  const parts = /^(?:\[(?<v6>[^\]]*)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/.exec(found)?.groups;
  if (parts === undefined)
    return { wrong: `found "${found}"; wanted an address with its port, or a Unix socket`, wayOut };
  const port = Number(parts["port"]);
  if (port > 65_535) return { wrong: `found the port ${port}; wanted 0 to 65535`, wayOut };
  const host = (parts["v6"] ?? parts["host"] ?? "").toLowerCase();
  if (host === "localhost")
    return {
      value: [
        { host: "127.0.0.1", port },
        { host: "::1", port },
      ],
    };
  if (host.includes("%"))
    return {
      wrong: `found the host "${host}" with a zone, the part from % on; addresses are taken without one`,
      wayOut:
        "leave the zone out; in place of a link-local address (fe80:…) name another one of this machine",
    };
  if (parts["v6"] === undefined ? !isIPv4(host) && host !== "" && host !== "*" : !isIPv6(host))
    return { wrong: `found the host "${host}"; wanted localhost or a loopback IP address`, wayOut };
  if (!isLoopback(host) && !(beyondLoopback && host !== "" && host !== "*"))
    return {
      wrong: `found "${found}", which other machines can reach; only loopback addresses may be listened on`,
      wayOut: `${wayOut}; whoever reaches a listener uses the credentials behind it; docs/local-clients.md says how to let other machines in`,
    };
  return { value: [{ host: host.includes(":") ? shortest(host) : host, port }] };
}

/** Whether a host, as `URL.hostname` or a listener has it, is this machine itself: 127.0.0.0/8, ::1 or localhost. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (isIPv4(bare)) return bare.startsWith("127.");
  return isIPv6(bare) ? new URL(`http://[${bare}]`).hostname === "[::1]" : bare === "localhost";
}

/** An IPv6 address as RFC 5952 writes it, as the system does. */
const shortest = (host: string): string => new URL(`http://[${host}]`).hostname.slice(1, -1);

/** The address as a person writes it: "127.0.0.1:8080", "[::1]:8080", "unix:/run/postern.sock". */
export function formatAddress(address: WrittenAddress): string {
  if ("socket" in address) return `unix:${address.socket}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Where programs of this machine reach a listener: one that listens at every address, at the loopback's. */
export function reachable(address: WrittenAddress): WrittenAddress {
  if ("socket" in address) return address;
  const host = { "0.0.0.0": "127.0.0.1", "::": "::1" }[address.host] ?? address.host;
  return { host, port: address.port };
}

function parseSocket(found: string): Reading<readonly WrittenAddress[]> {
  const path = found.slice("unix:".length);
  if (path === "" || path.endsWith("/"))
    return { wrong: `found "${found}"; wanted the path of a socket`, wayOut };
  return { value: [{ socket: path }] };
}
