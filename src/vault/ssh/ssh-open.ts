import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { type PosternError, problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { pemBlocks } from "../certificates/pem.ts";
import { keysIn } from "../certificates/private-key.ts";
import { openSshMagic, type SshKey } from "./ssh-key.ts";
import { publicBlob, sshTypeOf } from "./ssh-public.ts";
import { CutOff, WireReader } from "./ssh-wire.ts";

/**
 * How often a passphrase may have to be stretched: each round takes 10 ms, during which nothing else is done.
 * ssh-keygen takes 16 or 24 unless it is told otherwise.
 */
const mostRounds = 256;

/** The ciphers of encrypted keys that ssh2 opens: all of ssh-keygen's but chacha20-poly1305. */
const ciphers = /^(3des-cbc|aes(128|192|256)-(cbc|ctr)|aes(128|256)-gcm@openssh\.com)$/;
const notSealed = { cipher: "none", rounds: 0 } as const;

/**
 * Reads a private key in OpenSSH's form, or in PEM: PKCS#1, SEC1 or PKCS#8. Of several in a text the first counts, as
 * for ssh. Throws `key_encrypted`, `passphrase_wrong` or `key_unreadable`, whose reason says what it is instead.
 */
export async function readSshKey(
  text: string,
  passphrase: Secret | undefined,
  source: string,
): Promise<SshKey> {
  const block = pemBlocks(text).find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (block === undefined) throw unreadable(source, whyNone(text));
  if (block.label === "OPENSSH PRIVATE KEY") return readOpenSsh(block.text, passphrase, source);
  const [key] = await keysIn(block.text, passphrase, source);
  if (key === undefined) throw unreadable(source, damaged);
  return usable(key, "", source);
}

const damaged = "the private key in it is damaged or cut off";

function whyNone(text: string): string {
  if (/^PuTTY-User-Key-File-/m.test(text))
    return "it is in PuTTY's own form; puttygen FILE -O private-openssh -o NEW converts it";
  if (/^(ssh-|ecdsa-|sk-)|-----BEGIN [A-Z ]*PUBLIC KEY-----|^---- BEGIN SSH2 PUBLIC KEY/m.test(text))
    return "it is a public key; the private one is in the file without .pub";
  return "it is not a private key, or it is damaged";
}

async function readOpenSsh(text: string, passphrase: Secret | undefined, source: string): Promise<SshKey> {
  const { cipher, rounds } = sealOf(text);
  const encrypted = cipher !== notSealed.cipher;
  if (encrypted && !ciphers.test(cipher))
    throw unreadable(
      source,
      "it is encrypted with a cipher that is not known here; ssh-keygen -p -f FILE changes that",
    );
  if (encrypted && passphrase === undefined) throw problem("key_encrypted", { source });
  if (rounds > mostRounds)
    throw unreadable(
      source,
      `opening it takes ${rounds} rounds, and ${mostRounds} are the most; ssh-keygen -p -a 16 -f FILE changes that`,
    );
  // Loaded here, so that commands that touch no SSH key do not wait for it.
  const { default: ssh2 } = await import("ssh2");
  let parsed: ReturnType<typeof ssh2.utils.parseKey>;
  let key: KeyObject;
  try {
    parsed = ssh2.utils.parseKey(text, passphrase?.expose());
    if (parsed instanceof Error) throw parsed;
    key = createPrivateKey(parsed.getPrivatePEM());
  } catch (error) {
    throw whyNotOpened(error, encrypted, source);
  }
  // A line of its own in it would be a second key wherever the public one is pasted.
  const comment = (parsed.comment ?? "").replaceAll(/\p{Cc}/gu, " ").trim();
  const found = usable(key, comment, source);
  if (!found.blob.equals(parsed.getPublicSSH()))
    throw unreadable(source, "its public half belongs to another key");
  return found;
}

/** How a key in OpenSSH's form is sealed (its PROTOCOL.key); not at all, where it is too damaged to tell. */
function sealOf(text: string): { readonly cipher: string; readonly rounds: number } {
  const [, ...lines] = text.trimEnd().split("\n");
  const reader = new WireReader(Buffer.from(lines.slice(0, -1).join("\n"), "base64"));
  try {
    if (reader.bytes(openSshMagic.length).toString("latin1") !== openSshMagic) return notSealed;
    const cipher = reader.string().toString("latin1");
    if (reader.string().toString("latin1") !== "bcrypt") return { cipher, rounds: 0 };
    const options = new WireReader(reader.string());
    options.string(); // the salt
    return { cipher, rounds: options.uint32() };
  } catch (error) {
    if (error instanceof CutOff) return notSealed;
    throw error;
  }
}

function whyNotOpened(error: unknown, encrypted: boolean, source: string): PosternError {
  const said = error instanceof Error ? error.message : "";
  if (encrypted && /bad passphrase|unable to authenticate/i.test(said))
    return problem("passphrase_wrong", { source }, error);
  // What the library quotes stands in the file.
  const [, type] = /^Unsupported OpenSSH private key type: ([\w.@-]{1,64})$/.exec(said) ?? [];
  if (type !== undefined) return unreadable(source, wrongType(type), error);
  return unreadable(source, damaged, error);
}

/** A key that SSH can use, and whose halves belong together. */
function usable(key: KeyObject, comment: string, source: string): SshKey {
  const type = sshTypeOf(key);
  if (type === undefined) {
    const { asymmetricKeyType, asymmetricKeyDetails: { modulusLength, namedCurve } = {} } = key;
    const size = asymmetricKeyType === "rsa" ? ` with ${modulusLength} bits` : "";
    throw unreadable(source, wrongType(`${namedCurve ?? asymmetricKeyType}${size}`));
  }
  const probe = randomBytes(32);
  let whole = false;
  try {
    const hash = type.name === "ssh-ed25519" ? null : "sha256";
    whole = verify(hash, probe, createPublicKey(key), sign(hash, probe, key));
  } catch {
    // OpenSSL's words are no use to anybody: its numbers do not fit together.
  }
  if (!whole) throw unreadable(source, "its public half belongs to another key, or it is damaged");
  return { type, key, comment, blob: publicBlob(key, type) };
}

const wrongType = (type: string): string =>
  `its type is ${type}; SSH keys here are Ed25519, ECDSA with P-256, P-384 or P-521, or RSA with 1024 to 16384 bits`;

const unreadable = (source: string, reason: string, cause?: unknown): PosternError =>
  problem("key_unreadable", { source, reason }, cause);
