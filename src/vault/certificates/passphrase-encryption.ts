import { createDecipheriv, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";
import { type Asn1, numberOf, octetsOf, oidOf, parse, valuesIn } from "./asn1.ts";

/** A way of deriving or encrypting that cannot be followed; its message is for people. */
export class Unsupported extends Error {}

/**
 * The most rounds of hashing for one key. The largest count that programs write by themselves is 1,000,000 or less; this
 * many take a few seconds. Without a bound, a few bytes of a file would decide to take days.
 */
const mostRounds = 2_000_000;

/** Hashes by the name of their HMAC, for PBKDF2 (RFC 8018 §B.1). */
const hmacs: Readonly<Record<string, string>> = {
  "1.2.840.113549.2.7": "sha1",
  "1.2.840.113549.2.8": "sha224",
  "1.2.840.113549.2.9": "sha256",
  "1.2.840.113549.2.10": "sha384",
  "1.2.840.113549.2.11": "sha512",
};

/** The ciphers of PBES2 (RFC 8018 §B.2.2), as Node names them. */
const ciphers: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  "2.16.840.1.101.3.4.1.2": { name: "aes-128-cbc", keyBytes: 16 },
  "2.16.840.1.101.3.4.1.22": { name: "aes-192-cbc", keyBytes: 24 },
  "2.16.840.1.101.3.4.1.42": { name: "aes-256-cbc", keyBytes: 32 },
  "1.2.840.113549.3.7": { name: "des-ede3-cbc", keyBytes: 24 },
};

/** The older schemes of PKCS#12 (RFC 7292, appendix C). RC2 has no name: Node has given it up. */
const olderSchemes: Readonly<Record<string, { readonly name?: string; readonly keyBytes: number }>> = {
  "1.2.840.113549.1.12.1.3": { name: "des-ede3-cbc", keyBytes: 24 },
  "1.2.840.113549.1.12.1.4": { name: "des-ede-cbc", keyBytes: 16 },
  "1.2.840.113549.1.12.1.5": { keyBytes: 16 },
  "1.2.840.113549.1.12.1.6": { keyBytes: 5 },
};

const pbes2 = "1.2.840.113549.1.5.13";
const pbkdf2Id = "1.2.840.113549.1.5.12";
const scrypt = "1.3.6.1.4.1.11591.4.11";

const deriveKey = promisify(pbkdf2);

/** PBKDF2's parameters (RFC 8018 §A.2). */
interface Pbkdf2 {
  readonly salt: Buffer;
  readonly rounds: number;
  readonly hash: string;
  readonly keyBytes: number | undefined;
}

/** The hash of an HMAC's AlgorithmIdentifier. */
export function hashOfHmac(algorithm: Asn1): string {
  const hash = hmacs[oidOf(valuesIn(algorithm)[0])];
  if (hash === undefined) throw new Unsupported("it uses a hash that is not known here");
  return hash;
}

/** Reads the AlgorithmIdentifier of PBKDF2. Throws Unsupported for another function or too many rounds. */
function pbkdf2Of(algorithm: Asn1 | undefined): Pbkdf2 {
  const [oid, parameters] = valuesIn(algorithm);
  if (oidOf(oid) !== pbkdf2Id)
    throw new Unsupported("it derives its key with a function that is not known here");
  const [salt, rounds, ...more] = valuesIn(parameters);
  const keyBytes = more.find(({ value }) => typeof value === "string");
  const hmac = more.find(({ value }) => typeof value !== "string");
  return {
    salt: octetsOf(salt),
    rounds: bounded(numberOf(rounds)),
    hash: hmac === undefined ? "sha1" : hashOfHmac(hmac),
    keyBytes: keyBytes && numberOf(keyBytes),
  };
}

/** A key by PBKDF2, as an AlgorithmIdentifier says. `keyBytes` counts where the parameters name no length. */
export async function keyByPbkdf2(
  algorithm: Asn1 | undefined,
  passphrase: string,
  keyBytes?: number,
): Promise<Buffer> {
  const { salt, rounds, hash, keyBytes: named } = pbkdf2Of(algorithm);
  const length = keyBytes ?? named;
  if (length === undefined || length > 128) throw new Unsupported("it names no sensible length of its key");
  return deriveKey(passphrase, salt, Math.max(rounds, 1), length, hash);
}

/** A key by PKCS#12's own function (RFC 7292, appendix B); `use` is 1 for a key, 2 for an IV, 3 for a MAC. */
export function keyByPkcs12(o: {
  /** Null stands for no characters at all, not even the two zero bytes that end an empty text. */
  readonly passphrase: string | null;
  readonly salt: Buffer;
  readonly rounds: number;
  readonly use: 1 | 2 | 3;
  readonly keyBytes: number;
  readonly hash: "md5" | "sha1" | "sha256" | "sha384" | "sha512";
}): Buffer {
  const salt = forge.util.createBuffer(o.salt.toString("latin1"));
  const hash = forge.md[o.hash].create();
  const key = forge.pkcs12.generateKey(o.passphrase, salt, o.use, bounded(o.rounds), o.keyBytes, hash);
  return Buffer.from(key.getBytes(), "latin1");
}

function bounded(rounds: number): number {
  if (rounds > mostRounds)
    throw new Unsupported(
      `opening it would take ${rounds === Infinity ? "endless" : rounds.toLocaleString("en")} rounds of hashing, and more than ${mostRounds.toLocaleString("en")} are not taken on`,
    );
  return rounds;
}

/**
 * Throws Unsupported where trying a passphrase on an encrypted PKCS#8 key would take too long, and another error where
 * the key is too damaged to tell. Ways of deriving that are not known here are left for OpenSSL to judge.
 */
export function checkCost(encryptedKey: Buffer): void {
  const [algorithm] = valuesIn(parse(encryptedKey));
  const [oid, parameters] = valuesIn(algorithm);
  if (oidOf(oid) !== pbes2) {
    bounded(numberOf(valuesIn(parameters)[1]));
    return;
  }
  const [derivation] = valuesIn(parameters);
  const [kdf, settings] = valuesIn(derivation);
  const [, first, r, p] = valuesIn(settings);
  // scrypt hashes some N·r·p blocks (RFC 7914 §6). OpenSSL itself bounds the memory for it, at 32 MiB.
  bounded(numberOf(first) * (oidOf(kdf) === scrypt ? numberOf(r) * numberOf(p) : 1));
}

/**
 * Decrypts what a passphrase protects, as an AlgorithmIdentifier says. Throws Unsupported for a way that is not known or
 * takes too long; any other error is what a wrong passphrase, or damage, leads to.
 */
export async function decrypt(
  algorithm: Asn1 | undefined,
  ciphertext: Buffer,
  passphrase: string | null,
): Promise<Buffer> {
  const [oid, parameters] = valuesIn(algorithm);
  const scheme = oidOf(oid);
  if (scheme === pbes2) {
    const [derivation, encryption] = valuesIn(parameters);
    const [cipherOid, iv] = valuesIn(encryption);
    const cipher = ciphers[oidOf(cipherOid)];
    if (cipher === undefined) throw new Unsupported("it is encrypted with a cipher that is not known here");
    const key = await keyByPbkdf2(derivation, passphrase ?? "", cipher.keyBytes);
    return decipher(cipher.name, key, octetsOf(iv), ciphertext);
  }
  const older = olderSchemes[scheme];
  if (older === undefined) throw new Unsupported("it is encrypted with a cipher that is not known here");
  const [salt, rounds] = valuesIn(parameters);
  const common = { passphrase, salt: octetsOf(salt), rounds: numberOf(rounds), hash: "sha1" } as const;
  const key = keyByPkcs12({ ...common, use: 1, keyBytes: older.keyBytes });
  const iv = keyByPkcs12({ ...common, use: 2, keyBytes: 8 });
  return older.name === undefined
    ? decipherRc2(key, iv, ciphertext)
    : decipher(older.name, key, iv, ciphertext);
}

function decipher(name: string, key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  const decipher = createDecipheriv(name, key, iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

function decipherRc2(key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  const decipher = forge.rc2.createDecryptionCipher(key.toString("latin1"), key.length * 8);
  decipher.start(iv.toString("latin1"));
  decipher.update(forge.util.createBuffer(ciphertext.toString("latin1")));
  if (!decipher.finish()) throw new Error("wrong padding");
  return Buffer.from(decipher.output.getBytes(), "latin1");
}
