import { Secret } from "../../secret.ts";
import type { Draft, Item } from "../item.ts";
import { formatSshKey, makeSshKey, type SshKey, sshKeyTypes } from "../ssh/ssh-key.ts";
import { readSshKey } from "../ssh/ssh-open.ts";
import { fingerprintOf } from "../ssh/ssh-public.ts";
import { misfitOf } from "./fit.ts";
import type { Field, Input, Kind } from "./kind.ts";
import {
  factOf,
  givenFact,
  givenPassphrase,
  givenText,
  passphraseField,
  refused,
  secretOf,
} from "./value.ts";

const confirmField: Field = {
  name: "confirm",
  label: "Confirm",
  secret: false,
  required: false,
  help: "always: postern ssh-agent asks on its terminal before each use of this key",
  options: ["always"],
};

export const sshKey: Kind = {
  name: "ssh-key",
  title: "SSH Key",
  plural: "SSH Keys",
  summary: "opens compute deployments over SSH",
  fields: [
    {
      name: "key",
      label: "Private key",
      secret: true,
      required: true,
      multiline: true,
      help: "the private key as ssh-keygen writes it, or PEM",
    },
    passphraseField,
    confirmField,
  ],
  choices: [
    {
      name: "key-type",
      label: "Type of key",
      secret: false,
      required: false,
      help: `${sshKeyTypes.join(", ")} (default: ${sshKeyTypes[0]})`,
      options: sshKeyTypes,
    },
    confirmField,
  ],
  fits: [],
  misfit: misfitOf("an SSH key opens compute deployments, and no endpoint takes it"),
  generate: async ({ name, facts = {} }) => {
    const asked = givenFact({ facts }, "key-type") ?? sshKeyTypes[0];
    const keyType = sshKeyTypes.find((type) => type.toLowerCase() === asked.toLowerCase());
    if (keyType === undefined)
      throw refused(
        name,
        `"${asked}" is not a type of key that can be made`,
        `give one of ${sshKeyTypes.join(", ")} with --key-type`,
        "key-type",
      );
    return draftOf(await makeSshKey(keyType, name), confirmation(name, { facts }));
  },
  accept: async (input) => {
    const confirm = confirmation(input.name, input);
    const text = givenText(input, "key").expose();
    return draftOf(await readSshKey(text, givenPassphrase(input), input.source), confirm);
  },
  recheck: (item) => {
    secretOf(item, "key");
    factOf(item, "publicKey");
  },
  reveal: (item) => secretOf(item, "key"),
  download: (item) => ({
    fileName: `${item.name}.pub`,
    content: new Secret(`${factOf(item, "publicKey")}\n`),
  }),
  privateFile: (item) => ({ fileName: item.name, content: secretOf(item, "key") }),
};

/** Without its passphrase: the vault seals it, and what is used every day must not be stretched open every time. */
function draftOf(key: SshKey, confirm: Draft["facts"]): Draft {
  const { type, blob, comment } = key;
  return {
    facts: {
      type: type.name,
      fingerprint: fingerprintOf(blob),
      publicKey: `${type.name} ${blob.toString("base64")} ${comment}`.trimEnd(),
      ...(comment !== "" && { comment }),
      ...confirm,
    },
    secrets: { key: formatSshKey(key) },
  };
}

function confirmation(name: string, input: Pick<Input, "facts">): Draft["facts"] {
  const confirm = givenFact(input, "confirm");
  if (confirm === undefined) return {};
  if (confirm !== "always")
    throw refused(name, `its --confirm is "${confirm}"`, "say --confirm always, or leave it out", "confirm");
  return { confirm };
}

/** The key of an item that was read from the vault. Throws `value_invalid`, or as `readSshKey` does. */
export const sshKeyOf = (item: Item): Promise<SshKey> =>
  // Vaults of the first versions hold keys as they were given, with their passphrases.
  readSshKey(secretOf(item, "key").expose(), item.secrets["passphrase"], `the vault item "${item.name}"`);

/** The public half of such an item, as SSH writes it; undefined where a vault that was written by hand has none. */
export function publicBlobOf(item: Item): Buffer | undefined {
  const [, blob] = item.facts["publicKey"]?.split(" ") ?? [];
  return blob === undefined ? undefined : Buffer.from(blob, "base64");
}

/** Whether its owner wants to be asked before each use. */
export const asksFirst = (item: Item): boolean => item.facts["confirm"] === "always";
