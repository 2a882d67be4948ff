import { type Identity, type Recipient, Stanza } from "age-encryption";
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import type { Secret } from "../../secret.ts";

// age's scrypt recipient (age-encryption.org/v1, "The scrypt recipient type") on Node's own scrypt, which works in a
// thread of its own: the library's blocks the event loop for about a second.

const label = "age-encryption.org/v1/scrypt";
const saltBytes = 16;
const blockSize = 8;

/** What age and this program use where there is room: 256 MiB, about a second. */
const usualLogN = 18;

/** Below this a passphrase is too cheap to guess, however little memory there is: 32 MiB. */
const leastLogN = 15;

/** A file that asks for more may be made to exhaust this machine: 1 GiB. */
export const mostLogN = 20;

/** The memory, in bytes, that a work factor takes (RFC 7914 §2: 128 · N · r). */
const bytesFor = (logN: number): number => 128 * blockSize * 2 ** logN;

/** The work factor for a machine with this much free memory: the usual one, where that takes no more than half of it. */
export function workFactorFor(freeBytes: number): number {
  let logN = usualLogN;
  while (logN > leastLogN && bytesFor(logN) > freeBytes / 2) logN -= 1;
  return logN;
}

/** Thrown for a file whose work factor is beyond `mostLogN`. */
export class TooCostly extends Error {}

/** Encrypts for whoever knows the passphrase. It must be a file's only recipient. */
export function scryptRecipient(passphrase: Secret, logN: number): Recipient {
  return {
    wrapFileKey: async (fileKey) => {
      const salt = randomBytes(saltBytes);
      const cipher = createCipheriv("chacha20-poly1305", await derive(passphrase, salt, logN), nonce(), {
        authTagLength: 16,
      });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [new Stanza(["scrypt", unpadded(salt), String(logN)], body)];
    },
  };
}

/** Decrypts with a passphrase. Throws `TooCostly`, or a plain error for a header that breaks age's rules. */
export function scryptIdentity(passphrase: Secret): Identity {
  return {
    unwrapFileKey: async (stanzas) => {
      const stanza = stanzas.find(({ args }) => args[0] === "scrypt");
      if (stanza === undefined) return null;
      if (stanzas.length !== 1) throw new Error("a passphrase must be the only recipient");
      const [, encodedSalt = "", factor = "", ...more] = stanza.args;
      const salt = Buffer.from(encodedSalt, "base64");
      const wellFormed =
        more.length === 0 &&
        salt.length === saltBytes &&
        unpadded(salt) === encodedSalt &&
        /^[1-9]\d*$/.test(factor) &&
        stanza.body.length === 32;
      if (!wellFormed) throw new Error("invalid scrypt stanza");
      const logN = Number(factor);
      if (logN > mostLogN) throw new TooCostly(`scrypt work factor ${factor}`);
      return unwrapped(stanza.body, await derive(passphrase, salt, logN));
    },
  };
}

function unwrapped(body: Uint8Array, key: Buffer): Uint8Array | null {
  const decipher = createDecipheriv("chacha20-poly1305", key, nonce(), { authTagLength: 16 });
  decipher.setAuthTag(body.subarray(16));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, 16)), decipher.final()]);
  } catch {
    return null;
  }
}

/** Each key encrypts one file key, so that age's nonce is always zero. */
const nonce = (): Buffer => Buffer.alloc(12);

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

function derive(passphrase: Secret, salt: Uint8Array, logN: number): Promise<Buffer> {
  const options = { N: 2 ** logN, r: blockSize, p: 1, maxmem: bytesFor(logN) + 1024 * 1024 };
  const salted = Buffer.concat([Buffer.from(label), salt]);
  return new Promise((resolve, reject) => {
    scrypt(passphrase.expose(), salted, 32, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
