import { createHash } from "node:crypto";
import type { ParsedKey } from "ssh2";
import { problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { keysIn, pemBlocks } from "../pem.ts";
import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { factOf, givenPassphrase, givenText, passphraseField, secretOf } from "./value.ts";

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
  ],
  fits: [],
  misfit: misfitOf("an SSH key opens compute deployments, and no endpoint takes it"),
  accept: async (input) => {
    const passphrase = givenPassphrase(input);
    const text = asSshReadsIt(givenText(input, "key").expose(), passphrase, input.source);
    const key = await parse(text, passphrase, input.source);
    const blob = key.getPublicSSH();
    // A line of its own in it would be a second key wherever the public one is pasted.
    const comment = (key.comment ?? "").replaceAll(/\p{Cc}/gu, " ").trim();
    return {
      facts: {
        type: key.type,
        fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
        publicKey: `${key.type} ${blob.toString("base64")} ${comment}`.trimEnd(),
        ...(comment !== "" && { comment }),
      },
      secrets: { key: new Secret(text), ...(passphrase !== undefined && { passphrase }) },
    };
  },
  recheck: (item) => {
    secretOf(item, "key");
    factOf(item, "publicKey");
  },
  reveal: (item) => secretOf(item, "key"),
  download: (item) => ({ fileName: item.name, content: secretOf(item, "key") }),
};

/**
 * The key with the line ends that ssh insists on, and otherwise as it was given; but PKCS#8, which ssh2 does not read,
 * in the older PEM form of its type.
 */
function asSshReadsIt(text: string, passphrase: Secret | undefined, source: string): string {
  const [block] = pemBlocks(text);
  if (block === undefined || !["PRIVATE KEY", "ENCRYPTED PRIVATE KEY"].includes(block.label))
    return `${text.replace(/\r\n?/g, "\n").trim()}\n`;
  const [key] = keysIn(block.text, passphrase, source);
  if (key?.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" });
  if (key?.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" });
  throw problem("key_unreadable", {
    source,
    reason: "ssh does not read this type of key in PEM form; ssh-keygen makes keys in ssh's own form",
  });
}

async function parse(text: string, passphrase: Secret | undefined, source: string): Promise<ParsedKey> {
  // Loaded here, so that commands that touch no SSH key do not wait for it.
  const { default: ssh2 } = await import("ssh2");
  // A file may hold several keys, whatever the declared type says; ssh uses the first.
  const [key] = [ssh2.utils.parseKey(text, passphrase?.expose())].flat();
  if (key instanceof Error) {
    if (/no passphrase given/i.test(key.message)) throw problem("key_encrypted", { source });
    if (/bad passphrase/i.test(key.message)) throw problem("passphrase_wrong", { source }, key);
  }
  if (key === undefined || key instanceof Error)
    throw problem("key_unreadable", { source, reason: "it is not a private key, or it is damaged" }, key);
  if (!key.isPrivateKey()) throw problem("key_unreadable", { source, reason: "it is a public key" });
  return key;
}
