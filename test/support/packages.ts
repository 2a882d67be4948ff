import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";

/** Debian packages that the tests use, each with a program that shows whether it is there. */
const needed: Record<string, string> = {
  age: "age",
  chromium: "chromium",
  curl: "curl",
  dbus: "dbus-run-session",
  "gnome-keyring": "gnome-keyring-daemon",
  "libsecret-tools": "secret-tool",
  "docker-registry": "docker-registry",
  "docker.io": "docker",
  nginx: "nginx",
  "openssh-client": "ssh",
  "openssh-server": "sshd",
  openssl: "openssl",
  prometheus: "promtool",
  skopeo: "skopeo",
  slowhttptest: "slowhttptest",
  strace: "strace",
};

const onPath = (program: string): boolean =>
  [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"].some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Installs the missing packages when this is root on Debian; otherwise says in one line what to install. */
export default function setup(): void {
  const missing = Object.entries(needed).flatMap(([pkg, program]) => (onPath(program) ? [] : [pkg]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !onPath("apt-get"))
    throw new Error(
      `the tests need ${missing.join(", ")}: install with apt-get install ${missing.join(" ")}`,
    );
  const options = {
    stdio: ["ignore", "ignore", "inherit"] as const,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  execFileSync("apt-get", ["update", "-qq"], { ...options, stdio: ["ignore", "ignore", "inherit"] });
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    ...options,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
