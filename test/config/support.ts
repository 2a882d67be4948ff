import { Readable, Writable } from "node:stream";
import type { Io } from "../../src/cli/io.ts";
import { run } from "../../src/cli/run.ts";
import type { Config } from "../../src/config/config.ts";
import { isProblems } from "../../src/config/load.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { printed } from "../../src/config/problem.ts";
import type { Folder } from "../support/folder.ts";
import { unending } from "../support/unending.ts";

/** The name under which the tests hand text to the parser. */
export const file = "/etc/postern/postern.yaml";

const noFile = (path: string): string => {
  throw Object.assign(new Error(`unexpected read of ${path}`), { code: "ENOENT" });
};

/** What the text means; throws its problems. */
export function good(text: string, read: (path: string) => string = noFile): Config {
  const result = parseConfig(text, file, read);
  if (isProblems(result)) throw new Error(result.map(printed).join("\n"));
  return result;
}

/** The problems of a text, as they are printed; throws when it has none. */
export function bad(text: string, read: (path: string) => string = noFile): readonly string[] {
  const result = parseConfig(text, file, read);
  if (!isProblems(result)) throw new Error("no problem was found");
  return result.map(printed);
}

/** How a command ended, and what it wrote. */
interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in a folder that is also the user's home. */
export async function postern(
  folder: Folder,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Said> {
  const written = { stdout: "", stderr: "" };
  const collect = (name: "stdout" | "stderr"): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done): void {
        written[name] += chunk.toString();
        done();
      },
    });
  const io: Io = {
    stdin: Readable.from([]),
    stdout: collect("stdout"),
    stderr: collect("stderr"),
    env: { HOME: folder.path, ...env },
    cwd: folder.path,
    ...unending(),
  };
  const status = await run(args, io);
  return { status, ...written };
}
