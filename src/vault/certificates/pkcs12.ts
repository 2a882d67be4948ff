import { createHmac } from "node:crypto";
import { PosternError, problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { type Asn1, derOf, numberOf, octetsOf, oidOf, parse, valuesIn } from "./asn1.ts";
import { decrypt, hashOfHmac, keyByPbkdf2, keyByPkcs12, Unsupported } from "./passphrase-encryption.ts";
import { pemOf } from "./pem.ts";

/** More encrypted parts than any program writes. Each may take seconds to open. */
const mostEncrypted = 8;
/** As deep as bags lie in each other; no program puts one into another at all. */
const deepestBag = 4;

const pkcs7 = "1.2.840.113549.1.7";
const bag = "1.2.840.113549.1.12.10.1";
const x509Certificate = "1.2.840.113549.1.9.22.1";
const pbmac1 = "1.2.840.113549.1.5.14";

/** Hashes of a MAC, each with the length of its key in bytes. */
const hashes: Readonly<
  Record<string, { readonly hash: "md5" | "sha1" | "sha256" | "sha384" | "sha512"; readonly bytes: number }>
> = {
  "1.2.840.113549.2.5": { hash: "md5", bytes: 16 },
  "1.3.14.3.2.26": { hash: "sha1", bytes: 20 },
  "2.16.840.1.101.3.4.2.1": { hash: "sha256", bytes: 32 },
  "2.16.840.1.101.3.4.2.2": { hash: "sha384", bytes: 48 },
  "2.16.840.1.101.3.4.2.3": { hash: "sha512", bytes: 64 },
};

/** What lies in the file: keys as PKCS#8, plain or still encrypted, and certificates. */
interface Contents {
  readonly keys: Asn1[];
  readonly encryptedKeys: Asn1[];
  readonly certificates: Buffer[];
}

/**
 * The PEM form of a PKCS#12 file (RFC 7292), in either generation: AES with PBKDF2, or 3DES and RC2. Its integrity is
 * checked where it has a MAC; nothing is verified of the certificates.
 *
 * Throws `key_encrypted` where it needs a passphrase, `passphrase_wrong`, or `pkcs12_unreadable` with the reason.
 */
export async function pemOfPkcs12(
  bytes: Buffer,
  passphrase: Secret | undefined,
  source: string,
): Promise<string> {
  try {
    return await read(bytes, passphrase, source);
  } catch (error) {
    if (error instanceof PosternError) throw error;
    const reason = error instanceof Unsupported ? error.message : "it is damaged";
    throw problem("pkcs12_unreadable", { source, reason }, error);
  }
}

async function read(bytes: Buffer, given: Secret | undefined, source: string): Promise<string> {
  const [, safe, mac] = valuesIn(parse(bytes));
  const [type, content] = valuesIn(safe);
  if (oidOf(type) === `${pkcs7}.2`)
    throw new Unsupported("it is protected with a pair of keys, and not with a passphrase");
  const authenticated = octetsOf(valuesIn(content)[0]);
  const parts = valuesIn(parse(authenticated));
  const refused = (cause?: unknown): PosternError =>
    problem(given === undefined ? "key_encrypted" : "passphrase_wrong", { source }, cause);

  const words = given?.expose() ?? "";
  // Programs do not agree on what an empty passphrase is: two zero bytes, or nothing at all.
  const forms = words === "" ? ["", null] : [words];
  if (mac !== undefined) {
    for (const form of forms)
      if (await macFits(mac, authenticated, form)) return contentsUnderMac(parts, form);
    throw refused();
  }
  let failure: unknown;
  for (const form of forms)
    try {
      return await contentsOf(parts, form);
    } catch (error) {
      if (error instanceof Unsupported) throw error;
      failure = error;
    }
  // Without a MAC, a wrong passphrase and damage look alike.
  throw refused(failure);
}

/** The contents of a file whose MAC is right: what does not open now is not damaged, nor is the passphrase wrong. */
async function contentsUnderMac(parts: readonly Asn1[], passphrase: string | null): Promise<string> {
  try {
    return await contentsOf(parts, passphrase);
  } catch (error) {
    if (error instanceof Unsupported) throw error;
    throw new Unsupported("a part of it does not open with the passphrase of the whole", { cause: error });
  }
}

/** Whether the passphrase is the one that the file's MAC was made with. */
async function macFits(mac: Asn1, content: Buffer, passphrase: string | null): Promise<boolean> {
  const [digestInfo, salt, count] = valuesIn(mac);
  const [algorithm, digest] = valuesIn(digestInfo);
  const [oid, parameters] = valuesIn(algorithm);
  const fits = (hash: string, key: Buffer): boolean =>
    createHmac(hash, key).update(content).digest().equals(octetsOf(digest));
  if (oidOf(oid) === pbmac1) {
    const [derivation, hmac] = valuesIn(parameters);
    if (hmac === undefined) throw new Error("PBMAC1 without its HMAC");
    return fits(hashOfHmac(hmac), await keyByPbkdf2(derivation, passphrase ?? ""));
  }
  const known = hashes[oidOf(oid)];
  if (known === undefined)
    throw new Unsupported("its integrity is protected with a hash that is not known here");
  const { hash, bytes } = known;
  const rounds = count === undefined ? 1 : numberOf(count);
  return fits(hash, keyByPkcs12({ passphrase, salt: octetsOf(salt), rounds, use: 3, keyBytes: bytes, hash }));
}

/** The key and the certificates of the file's content, as PEM. */
async function contentsOf(parts: readonly Asn1[], passphrase: string | null): Promise<string> {
  const contents: Contents = { keys: [], encryptedKeys: [], certificates: [] };
  if (parts.length > mostEncrypted) throw new Unsupported("it has more parts than any program writes");
  for (const part of parts) {
    const [type, value] = valuesIn(part);
    const [inner] = valuesIn(value);
    const oid = oidOf(type);
    if (oid === `${pkcs7}.1`) collect(parse(octetsOf(inner)), contents);
    else if (oid === `${pkcs7}.6`) {
      const [, info] = valuesIn(inner);
      const [, algorithm, ciphertext] = valuesIn(info);
      collect(parse(await decrypt(algorithm, octetsOf(ciphertext), passphrase)), contents);
    } else throw new Unsupported("a part of it is encrypted for a certificate, and not with a passphrase");
  }
  const { keys, encryptedKeys, certificates } = contents;
  // Before any is decrypted: each may take seconds.
  if (keys.length + encryptedKeys.length > 1)
    throw new Unsupported(
      `it holds ${keys.length + encryptedKeys.length} private keys, and which one is meant cannot be known`,
    );
  const pem = certificates.map((der) => pemOf("CERTIFICATE", der));
  for (const key of keys) pem.unshift(pemOf("PRIVATE KEY", derOf(key)));
  for (const key of encryptedKeys) {
    const [algorithm, ciphertext] = valuesIn(key);
    pem.unshift(pemOf("PRIVATE KEY", await decrypt(algorithm, octetsOf(ciphertext), passphrase)));
  }
  return pem.join("");
}

/** Adds what lies in a SafeContents. Lists of revoked certificates and other secrets are passed over. */
function collect(safe: Asn1, into: Contents, depth = 0): void {
  if (depth > deepestBag)
    throw new Unsupported("its bags lie deeper in each other than any program puts them");
  for (const entry of valuesIn(safe)) {
    const [type, content] = valuesIn(entry);
    const [value] = valuesIn(content);
    if (value === undefined) throw new Error("an empty bag");
    const oid = oidOf(type);
    if (oid === `${bag}.1`) into.keys.push(value);
    else if (oid === `${bag}.2`) into.encryptedKeys.push(value);
    else if (oid === `${bag}.3`) {
      const [kind, certificate] = valuesIn(value);
      if (oidOf(kind) === x509Certificate) into.certificates.push(octetsOf(valuesIn(certificate)[0]));
    } else if (oid === `${bag}.6`) collect(value, into, depth + 1);
  }
}
