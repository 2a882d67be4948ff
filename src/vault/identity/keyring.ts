import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { problem, reasonOf } from "../../errors.ts";
import { Secret } from "../../secret.ts";

// The operating system's keyring, through the program that the system has for it: macOS's security, and libsecret's
// secret-tool elsewhere. A secret passes through pipes only, for arguments are seen by every user of the machine.

/** What a program wrote, and how it ended. */
interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const service = "postern";

/** The entry of this name; undefined where there is none. Throws `keyring_unavailable`. */
export async function readKeyring(name: string): Promise<Secret | undefined> {
  const mac = process.platform === "darwin";
  const ended = mac
    ? await run(name, "security", ["find-generic-password", "-s", service, "-a", name, "-w"])
    : await run(name, "secret-tool", ["lookup", "service", service, "identity", name]);
  const value = ended.stdout.replace(/\n$/, "");
  if (ended.status === 0 && value !== "") return new Secret(value);
  // security says 44 for what it does not find; secret-tool says 1 and nothing.
  if (mac ? ended.status === 44 : ended.stderr === "") return undefined;
  throw problem("keyring_unavailable", { name, reason: firstLine(ended) });
}

/** Puts an entry in place of the one of this name, if there is one. Throws `keyring_unavailable`. */
export async function writeKeyring(name: string, value: Secret): Promise<void> {
  const label = `Postern identity ${name}`;
  const ended =
    process.platform === "darwin"
      ? // Its interactive mode reads whole commands from standard input; an identity needs no quoting.
        await run(
          name,
          "security",
          ["-i"],
          `add-generic-password -U -s ${service} -a ${name} -w ${value.expose()}\n`,
        )
      : await run(
          name,
          "secret-tool",
          ["store", "--label", label, "service", service, "identity", name],
          value.expose(),
        );
  if (ended.status !== 0) throw problem("keyring_unavailable", { name, reason: firstLine(ended) });
}

/** Takes an entry away. Throws `keyring_unavailable`. */
export async function removeKeyring(name: string): Promise<void> {
  const ended =
    process.platform === "darwin"
      ? await run(name, "security", ["delete-generic-password", "-s", service, "-a", name])
      : await run(name, "secret-tool", ["clear", "service", service, "identity", name]);
  if (ended.status !== 0) throw problem("keyring_unavailable", { name, reason: firstLine(ended) });
}

async function run(name: string, program: string, args: readonly string[], stdin = ""): Promise<Ended> {
  const child = spawn(program, args, { stdio: "pipe" });
  // A program that ends before it has read everything says why with its status.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  try {
    const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { status, stdout, stderr };
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw problem(
      "keyring_unavailable",
      { name, reason: absent ? `there is no program ${program}` : reasonOf(error) },
      error,
    );
  }
}

const firstLine = ({ stderr, status }: Ended): string =>
  stderr.trim().split("\n", 1)[0] || `status ${status}`;
