import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Io } from "./io.ts";

/** The user's configuration folder: `$XDG_CONFIG_HOME/postern`, or `~/.config/postern`. */
function userFolder(io: Io): string {
  const base = io.env["XDG_CONFIG_HOME"];
  return join(
    base !== undefined && base.startsWith("/") ? base : join(io.env["HOME"] ?? homedir(), ".config"),
    "postern",
  );
}

/** The option by which every command takes the configuration. */
export const configOption = [
  "--config <file>",
  "the configuration (default: POSTERN_CONFIG, or the user's own)",
] as const;

/** The configuration file: `--config`, else POSTERN_CONFIG, else `postern.yaml` in the user's folder. */
export function configFile(io: Io, option: string | undefined): string {
  const named = option ?? io.env["POSTERN_CONFIG"];
  return named === undefined || named === "" ? join(userFolder(io), "postern.yaml") : resolve(io.cwd, named);
}
