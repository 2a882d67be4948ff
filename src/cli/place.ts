import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Io } from "./io.ts";

/** The user's configuration folder: `$XDG_CONFIG_HOME/postern`, or `~/.config/postern`. */
export function userFolder(io: Io): string {
  const base = io.env["XDG_CONFIG_HOME"];
  return join(base !== undefined && base.startsWith("/") ? base : join(io.env["HOME"] ?? homedir(), ".config"), "postern");
}

/** The configuration file: `--config`, else POSTERN_CONFIG, else `postern.yaml` in the user's folder. */
export function configFile(io: Io, option: string | undefined): string {
  const named = option ?? io.env["POSTERN_CONFIG"];
  return named === undefined || named === "" ? join(userFolder(io), "postern.yaml") : resolve(io.cwd, named);
}
