import type { Config } from "../../config/config.ts";
import { PosternError } from "../../errors.ts";
import type { Action } from "./action.ts";
import type { Entry } from "./audit-entry.ts";
import { appendLine } from "./audit-file.ts";
import { itemName } from "../item.ts";

/** One use of the vault. It has no place for a value. */
export interface Use {
  readonly action: Action;
  readonly item?: string | undefined;
  readonly endpoint?: string | undefined;
  /** The name of the local key that asked, where one did. */
  readonly key?: string | undefined;
  /** What else there is to it, in plain words without a secret: an item's new name, a recipient, a file. */
  readonly about?: string | undefined;
  /** The code of the error that it met; absent where it was done. */
  readonly error?: string | undefined;
}

/**
 * Records one use, before it returns: call it before the value is handed out. It never throws: what hinders the record
 * must not hinder the use, and is told elsewhere.
 */
export type Recorder = (use: Use) => void;

/** Where nothing is recorded. */
export const unrecorded: Recorder = () => {};

/** A recorder for one command of this process. `failed` hears of each reason once for which a use was not recorded. */
export function recorderFor(o: {
  readonly config: Pick<Config, "audit" | "vault">;
  /** Such as "vault show" or "serve". */
  readonly command: string;
  readonly failed: (error: PosternError) => void;
  readonly now?: () => Date;
}): Recorder {
  const { audit, vault } = o.config;
  const { file, maxBytes, keep } = audit;
  if (file === undefined) return unrecorded;
  let told: string | undefined;
  return (use) => {
    const at = (o.now?.() ?? new Date()).toISOString();
    const uid = process.getuid?.();
    const entry: Entry = {
      at,
      command: o.command,
      pid: process.pid,
      ...(uid !== undefined && { uid }),
      ...use,
      item: nameIn(use.item),
    };
    try {
      appendLine(file, JSON.stringify(entry), { maxBytes, keep }, vault);
      told = undefined;
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      if (told !== error.message) o.failed(error);
      told = error.message;
    }
  };
}

/** The same for a process with a log, which hears of what was not recorded. */
export const loggedRecorder = (
  config: Pick<Config, "audit" | "vault">,
  command: string,
  log: { error(fields: object, message: string): void },
): Recorder => recorderFor({ config, command, failed: ({ code, message }) => log.error({ code }, message) });

/** A name that was asked for, as it may be recorded: what can be none may be a secret that was put in the wrong place. */
export const nameIn = (text: string | undefined): string | undefined =>
  text !== undefined && itemName.test(text) ? text : undefined;

/** Does the work and records it, done or failed. The record stands before the result is returned. */
export async function recorded<T>(record: Recorder, use: Use, work: () => Promise<T> | T): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    record({ ...use, error: error instanceof PosternError ? error.code : "internal" });
    throw error;
  }
  record(use);
  return result;
}
