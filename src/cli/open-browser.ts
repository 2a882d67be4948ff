import { spawn } from "node:child_process";

/** What opens an address in the browser of whoever sits there, by platform. */
const openers: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  darwin: ["open"],
  linux: ["xdg-open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * Opens an address in a browser where there is a screen for one. Whether it came up nobody can tell: the address stands
 * on the terminal as well.
 */
export function openBrowser(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): void {
  const hasDisplay =
    platform !== "linux" || (env["DISPLAY"] ?? "") !== "" || (env["WAYLAND_DISPLAY"] ?? "") !== "";
  const opener = openers[platform];
  if (opener === undefined || !hasDisplay) return;
  const [program, ...args] = opener;
  spawn(program, [...args, url], { detached: true, stdio: "ignore", env: { ...env } })
    .on("error", () => {})
    .unref();
}
