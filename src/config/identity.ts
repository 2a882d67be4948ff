import type { IdentityPlace, PassphrasePlace } from "./config.ts";
import { parsePath } from "./file-path.ts";
import type { Reading } from "./reading.ts";

/** Names of a keyring's entries and of systemd credentials: nothing in them needs quoting, and none leads elsewhere. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Standard input, output and error have uses of their own; 1024 is the usual limit of open files. */
const [leastDescriptor, mostDescriptor] = [3, 1023];

/** Reads `identity:`; a file's path is relative to `folder`. `passphrase` opens the file where it is wrapped. */
export function parseIdentity(
  found: string,
  folder: string,
  passphrase: PassphrasePlace,
): Reading<IdentityPlace> {
  const { scheme, rest } = split(found);
  if (scheme === "file" && rest !== "") {
    const file = parsePath(rest, folder);
    return "value" in file ? { value: { file: file.value, passphrase } } : file;
  }
  if (scheme === "keyring" && plainName.test(rest)) return { value: { keyring: rest } };
  return {
    wrong:
      scheme === undefined || scheme === "file"
        ? `found "${found}"; wanted file: and a path`
        : scheme === "keyring"
          ? `found "${found}"; wanted keyring: and the name of an entry`
          : `the place "${scheme}" is not known; an identity is in a file or in a keyring`,
    wayOut:
      "write it as in file:identity.txt or keyring:postern; the path of a file is relative to this file",
  };
}

/** Reads `passphrase:`, which says where the passphrase of a wrapped identity comes from, and never holds one. */
export function parsePassphrase(found: string, folder: string): Reading<PassphrasePlace> {
  if (found === "prompt") return { value: { prompt: true } };
  const { scheme, rest } = split(found);
  if (scheme === "file" && rest !== "") {
    const file = parsePath(rest, folder);
    return "value" in file ? { value: { file: file.value } } : { ...file, hidden: true };
  }
  if (scheme === "credential" && plainName.test(rest)) return { value: { credential: rest } };
  if (scheme === "fd" && /^\d{1,4}$/.test(rest)) {
    const descriptor = Number(rest);
    if (descriptor >= leastDescriptor && descriptor <= mostDescriptor) return { value: { descriptor } };
  }
  return {
    // It may be the passphrase itself.
    hidden: true,
    wrong:
      "found what names no place; wanted prompt, file: and a path, fd: and a number of 3 or more, or credential: and a name",
    wayOut:
      "write it as in file:passphrase.txt; a passphrase itself never stands here, and one that did is to be replaced",
  };
}

function split(found: string): { scheme: string | undefined; rest: string } {
  const parts = /^(?<scheme>[a-z][a-z\d+-]*):(?<rest>.*)$/is.exec(found)?.groups;
  return { scheme: parts?.["scheme"], rest: parts?.["rest"] ?? "" };
}
