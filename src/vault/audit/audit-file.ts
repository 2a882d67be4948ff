import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { PosternError, problem, reasonOf } from "../../errors.ts";
import { leaveToOwner } from "../../owner.ts";
import { modeOf } from "../private-file.ts";
import { withFreeLock } from "../stores/lock.ts";

/** How large the file grows, and how many full ones are kept beside it as `<file>.1` (the newest) and so on. */
export interface Bounds {
  readonly maxBytes: number;
  readonly keep: number;
}

/**
 * Not through a symbolic link, by which somebody may have another file written to; and without a wait for whoever reads a
 * pipe. Windows has neither.
 */
const careful = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Appends a line to a file (0600) that several processes append to: O_APPEND and one write put it whole at the end.
 * It is done when this returns, for whoever uses the vault next may be gone in the moment after. A file that root makes
 * belongs to the vault's owner. Throws `audit_unwritable`, or `audit_exposed` where others can read or write the file.
 */
export function appendLine(file: string, line: string, bounds: Bounds, vault: string): void {
  try {
    const { O_APPEND, O_CREAT, O_RDWR } = constants;
    const descriptor = openSync(file, O_RDWR | O_APPEND | O_CREAT | careful, 0o600);
    let size: number;
    try {
      ({ size } = check(file, descriptor));
      if (size === 0) leaveToOwner(descriptor, vault, dirname(file));
      const bytes = Buffer.from(`${endsALine(descriptor, size) ? "" : "\n"}${line}\n`);
      if (writeSync(descriptor, bytes) !== bytes.length) throw new Error("it took only a part of the line");
      ({ size } = fstatSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
    // Where another process is at it already, it does it for all.
    if (size >= bounds.maxBytes) withFreeLock(file, () => putAway(file, bounds));
  } catch (error) {
    if (error instanceof PosternError && error.code === "audit_exposed") throw error;
    const reason = error instanceof PosternError ? error.message : reasonOf(error);
    throw problem("audit_unwritable", { file, reason }, error);
  }
}

/** Whether a file of this size ends with a whole line; a full disk may have cut its last one off. */
function endsALine(descriptor: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size === 0 || readSync(descriptor, last, 0, 1, size - 1) === 0 || last.toString("latin1") === "\n";
}

/** One file of the log. */
export interface Part {
  /** Stays the same when the file is put away. */
  readonly id: string;
  readonly text: string;
}

/** The files of the log, the newest first, each read when it is asked for. Throws `audit_exposed`, `file_unreadable`. */
export function* readParts(file: string, keep: number): Generator<Part, void, void> {
  for (const name of [file, ...Array.from({ length: keep }, (_, index) => `${file}.${index + 1}`)]) {
    const part = readPart(name);
    if (part !== undefined) yield part;
  }
}

/** The texts of the log, the oldest file first; none where there is none. Throws `audit_exposed`, `file_unreadable`. */
export const readLog = (file: string, keep: number): readonly string[] =>
  [...readParts(file, keep)].map(({ text }) => text).toReversed();

function readPart(name: string): Part | undefined {
  try {
    const descriptor = openSync(name, constants.O_RDONLY | careful);
    try {
      const { ino } = check(name, descriptor);
      return { id: ino.toString(36), text: readFileSync(descriptor, "utf8") };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof PosternError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw problem("file_unreadable", { file: name, reason: reasonOf(error) }, error);
  }
}

function check(file: string, descriptor: number): Stats {
  const stats = fstatSync(descriptor);
  const { mode } = stats;
  if (!stats.isFile()) throw new Error("it is not a regular file");
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    throw problem("audit_exposed", { file, mode: modeOf(mode) });
  return stats;
}

/** Renames the files one number up. A process that has the file open still writes its line, into what is now `.1`. */
function putAway(file: string, { maxBytes, keep }: Bounds): void {
  // Another process may have done it meanwhile.
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < maxBytes) return;
  if (keep === 0) return rmSync(file);
  for (let number = keep; number >= 1; number -= 1) {
    const from = number === 1 ? file : `${file}.${number - 1}`;
    if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${file}.${number}`);
  }
}
