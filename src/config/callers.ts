import type { Address, Config } from "./config.ts";
import { isLoopback } from "./address.ts";
import type { Written } from "./file-keys.ts";
import type { Reading } from "./reading.ts";
import type { Report } from "./report.ts";

// Who may call beside the programs of this machine: web pages of certain origins, and clients that know another name.

/** A host of a URL: a name, an IPv4 address, or an IPv6 address in brackets. */
const host = "[a-z\\d](?:[a-z\\d._-]*[a-z\\d])?|\\[[\\da-f:.]+\\]";

/** Reads one of `allow-origins`. The text is compared with the Origin header, so it must be just as browsers write it. */
function parseOrigin(found: string): Reading<string> {
  const origin = found.toLowerCase();
  if (!new RegExp(`^[a-z][a-z\\d+.-]*://(?:${host})(?::\\d{1,5})?$`).test(origin))
    return {
      wrong: `found "${found.slice(0, 80)}"; wanted the origin of a web page: its scheme, host and port`,
      wayOut: 'write it as in "http://localhost:3000", without a path; "*" and "null" stand for anybody',
    };
  if (!/^https?:/.test(origin)) return { value: origin };
  const written = URL.canParse(origin) ? new URL(origin).origin : undefined;
  if (written === origin) return { value: origin };
  return {
    wrong: `found "${found}", which browsers never send as an origin`,
    wayOut: written === undefined ? "check the host and the port" : `write it as "${written}", as they do`,
  };
}

/** Reads one of `allow-hosts`. */
function parseHost(found: string): Reading<string> {
  const text = found.toLowerCase();
  if (new RegExp(`^(?:${host})(?::\\d{1,5})?$`).test(text)) return { value: text };
  return {
    wrong: `found "${found.slice(0, 80)}"; wanted a host name, alone or with its port`,
    wayOut: 'write it as in "host.docker.internal" or "postern:8080"; there are no wildcards',
  };
}

/** Reads `allow-origins` and `allow-hosts`. */
export function readCallers(written: Written, report: Report): Pick<Config, "allowOrigins" | "allowHosts"> {
  const read = (
    key: "allow-origins" | "allow-hosts",
    parse: (found: string) => Reading<string>,
  ): string[] => {
    const found = written[key] ?? [];
    return [found].flat().flatMap((text, index) => {
      const value = report.take([key, ...(Array.isArray(found) ? [index] : [])], parse(text));
      return value === undefined ? [] : [value];
    });
  };
  return { allowOrigins: read("allow-origins", parseOrigin), allowHosts: read("allow-hosts", parseHost) };
}

/** For a file without local keys: notes when other machines can reach one of the listeners. */
export function checkBeyondLoopback(addresses: readonly Address[], report: Report): void {
  if (addresses.some((address) => "host" in address && !isLoopback(address.host)))
    report.add(
      ["unsafe-listen-beyond-loopback"],
      "other machines can reach a listener, and no local key is configured",
      "listen on the loopback until postern key add NAME has made one",
    );
}
