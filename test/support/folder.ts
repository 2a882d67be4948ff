import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder (0700) that `using` or `dispose` removes with everything in it. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "postern-test-"));

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file that only its owner can read, and returns its path. */
  write(name: string, content: string | Buffer): string {
    const path = this.file(name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** What it holds: each file's mode and SHA-256, by relative path. */
  contents(): Record<string, string> {
    const entries = readdirSync(this.path, { recursive: true, withFileTypes: true });
    return Object.fromEntries(
      entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .map((path) => {
          const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
          return [path.slice(this.path.length + 1), `${(statSync(path).mode & 0o777).toString(8)} ${hash}`];
        }),
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
