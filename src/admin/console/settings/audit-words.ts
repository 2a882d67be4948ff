import type { AuditAction, AuditUse } from "../../api/shapes/audit.ts";

/** What was done, as people say it; `%` is the item. docs/keeping.md lists the actions. */
const known: Readonly<Record<AuditAction, string>> = {
  add: "added %",
  attach: "attached %",
  backup: "copied the vault",
  "bring-back": "brought back the value of %",
  confirm: "confirmed the vault",
  "docker-credential": "handed % to a container tool",
  download: "downloaded %",
  export: "exported %",
  import: "imported %",
  "key-add": "made a local key",
  "key-remove": "revoked a local key",
  list: "listed %",
  lock: "locked the vault",
  passphrase: "changed the passphrase",
  "recipient-add": "let somebody else open the vault",
  "recipient-remove": "shut somebody out of the vault",
  refresh: "asked the source of %",
  rekey: "made new keys of the vault",
  remove: "removed %",
  rename: "renamed %",
  renew: "renewed %",
  restore: "restored a backup",
  reveal: "revealed %",
  rotate: "rotated %",
  run: "handed % to a program",
  show: "looked at %",
  sign: "signed with %",
  unlock: "unlocked the vault",
};

/** The actions that can be asked for, in alphabetical order. */
export const actions = Object.keys(known);

/** A log may be of a newer version, or not Postern's. */
const phrases: Readonly<Record<string, string | undefined>> = known;

/** "Attached gen-cert to private-2". */
export function deedText({ action, item, endpoint }: AuditUse): string {
  const phrase = phrases[action] ?? `${action} %`;
  const deed = phrase.replace("%", item ?? "an item").concat(endpoint === undefined ? "" : ` to ${endpoint}`);
  return deed.charAt(0).toUpperCase() + deed.slice(1);
}

/** "serve", and of a request the local key that it brought. */
export const whoText = ({ command, key }: AuditUse): string =>
  key === undefined ? command : `${command}, for ${key}`;

/** "process 4711, user 1000". */
export const processText = ({ pid, uid }: AuditUse): string =>
  `process ${pid}${uid === undefined ? "" : `, user ${uid}`}`;
