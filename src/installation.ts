import { dirname, extname, join } from "node:path";

// This file lies in the folder of the program as it runs: src/ in a checkout, and dist/ in a package, where everything is
// bundled, flat (rolldown.config.ts).

/** The folder that Postern is installed in, as a checkout or as a package: bin/, config/ and docs/ lie in it. */
export const installationFolder = (): string => dirname(import.meta.dirname);

/** The file with which a process or a thread of the program begins. */
export const entryFile = (name: "worker" | "thread"): string =>
  join(import.meta.dirname, name + extname(import.meta.filename));
