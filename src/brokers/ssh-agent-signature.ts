import { sign } from "node:crypto";
import { promisify } from "node:util";
import type { SshKey } from "../vault/ssh/ssh-key.ts";
import { mpint, string } from "../vault/ssh/ssh-wire.ts";

/** The hashes that a request's flags name for RSA (draft-ietf-sshm-ssh-agent §3.6.1), in the order that OpenSSH obeys. */
const rsaHashes = [
  { flag: 2, name: "rsa-sha2-256", hash: "sha256" },
  { flag: 4, name: "rsa-sha2-512", hash: "sha512" },
] as const;

/**
 * A signature as SSH writes it (RFC 8332 §3, RFC 5656 §3.1.2, RFC 8709 §6). Undefined for an RSA key without a flag: that
 * asks for SHA-1, with which nothing is signed any more.
 */
export async function signSsh(
  { key, type }: Pick<SshKey, "key" | "type">,
  data: Buffer,
  flags: number,
): Promise<Buffer | undefined> {
  // Off the event loop: an RSA key takes milliseconds, and many may ask at once.
  const make = promisify(sign);
  if (type.ecdsa !== undefined) {
    const pair = await make(type.ecdsa.hash, data, { key, dsaEncoding: "ieee-p1363" });
    const [r, s] = [pair.subarray(0, pair.length / 2), pair.subarray(pair.length / 2)];
    return Buffer.concat([string(type.name), string(Buffer.concat([mpint(r), mpint(s)]))]);
  }
  if (type.name === "ssh-ed25519")
    return Buffer.concat([string(type.name), string(await make(null, data, key))]);
  const rsa = rsaHashes.find(({ flag }) => (flags & flag) !== 0);
  return rsa && Buffer.concat([string(rsa.name), string(await make(rsa.hash, data, key))]);
}
