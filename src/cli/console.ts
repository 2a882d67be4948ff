import { Command } from "commander";
import { isLoopback } from "../config/address.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { problem } from "../errors.ts";
import { askForLink, type Door } from "./console-link.ts";
import { type Io, say, sayJson } from "./io.ts";
import { openBrowser } from "./open-browser.ts";
import { configFile, configOption } from "./place.ts";

const help = `
The link opens the console once, within two minutes. Whoever opens it first is in: show it to nobody.

Examples:
  postern console
  postern console --no-open
  postern console --admin http://127.0.0.1:41234`;

interface Options {
  readonly config?: string;
  readonly open: boolean;
  readonly admin?: string;
  readonly json?: true;
}

/** `postern console`: a one-time link to the console of a gateway that runs. */
export function define(io: Io): Command {
  return new Command("console")
    .description("print a one-time link to the console of the running gateway, and open it in a browser")
    .option(...configOption)
    .option("--no-open", "print the link only")
    .option("--admin <url>", "where the admin listener is, if the configuration does not say the port")
    .option("--json", "print the link as JSON, and do not open it")
    .addHelpText("after", help)
    .action(async (options: Options) => {
      const config = await loadConfig(configFile(io, options.config));
      const link = await askForLink(doorOf(config, options.admin), config.adminToken);
      if (options.json === true) {
        sayJson(io, link);
        return;
      }
      say(io, link.url);
      if (options.open && io.stdout.isTTY === true) openBrowser(link.url, io.env);
    });
}

/** Where to ask, and under which name a browser will. */
function doorOf({ admin }: Config, named: string | undefined): Door {
  const url = named === undefined ? undefined : originIn(named);
  if ("socket" in admin) {
    if (url === undefined) throw problem("admin_socket_unopenable", { socket: admin.socket });
    return { url, place: { socketPath: admin.socket } };
  }
  if (url !== undefined) {
    const { hostname: host, port } = new URL(url);
    return { url, place: { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port === "" ? 80 : port) } };
  }
  if (admin.port === 0)
    throw problem("usage", {
      message: "the configuration leaves the port of the admin listener to the system",
      hint: "name the address that postern serve printed: postern console --admin http://127.0.0.1:PORT",
    });
  const { host, port } = admin;
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`, place: { host, port } };
}

/** The origin that was named. The admin token goes nowhere else than to this machine. */
function originIn(named: string): string {
  const url = URL.canParse(named) ? new URL(named) : undefined;
  if (url?.protocol === "http:" && isLoopback(url.hostname) && url.username === "" && url.password === "")
    return url.origin;
  throw problem("usage", {
    message: "--admin is not the address of an admin listener",
    hint: "write it as postern serve prints it: http://127.0.0.1:8081",
  });
}
