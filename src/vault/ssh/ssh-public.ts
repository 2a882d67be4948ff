import { createHash, type KeyObject } from "node:crypto";
import { mpint, string } from "./ssh-wire.ts";

/** A type of key that SSH knows: its name there, and what ECDSA needs besides. */
export interface SshType {
  /** "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa". */
  readonly name: string;
  /** The curve's name in SSH, for ECDSA (RFC 5656 §6.1), and the hash that goes with it (§6.2.1). */
  readonly ecdsa?: { readonly curve: string; readonly hash: string };
}

/** The largest modulus that OpenSSH takes, and the smallest that it signs with. */
const rsaBits = { least: 1024, most: 16_384 } as const;

const ecdsaTypes: Readonly<Record<string, SshType>> = {
  prime256v1: { name: "ecdsa-sha2-nistp256", ecdsa: { curve: "nistp256", hash: "sha256" } },
  secp384r1: { name: "ecdsa-sha2-nistp384", ecdsa: { curve: "nistp384", hash: "sha384" } },
  secp521r1: { name: "ecdsa-sha2-nistp521", ecdsa: { curve: "nistp521", hash: "sha512" } },
};

/** What SSH calls keys of this kind; undefined for those that it has no use for. */
export function sshTypeOf(key: KeyObject): SshType | undefined {
  const { namedCurve = "", modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "ed25519") return { name: "ssh-ed25519" };
  if (key.asymmetricKeyType === "ec") return ecdsaTypes[namedCurve];
  const fits = modulusLength >= rsaBits.least && modulusLength <= rsaBits.most;
  return key.asymmetricKeyType === "rsa" && fits ? { name: "ssh-rsa" } : undefined;
}

/** The public half of a key as SSH writes it (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4). */
export function publicBlob(key: KeyObject, { name, ecdsa }: SshType): Buffer {
  const { n, e, x, y } = key.export({ format: "jwk" });
  if (name === "ssh-rsa") return Buffer.concat([string(name), mpint(bytesOf(e)), mpint(bytesOf(n))]);
  if (ecdsa === undefined) return Buffer.concat([string(name), string(bytesOf(x))]);
  return Buffer.concat([string(name), string(ecdsa.curve), string(ecdsaPoint(x, y))]);
}

/** A point of a curve, uncompressed (SEC 1 §2.3.3). */
export const ecdsaPoint = (x: string | undefined, y: string | undefined): Buffer =>
  Buffer.concat([Buffer.of(4), bytesOf(x), bytesOf(y)]);

/** The bytes of a JWK's member (RFC 7518 §2, Base64urlUInt). */
export const bytesOf = (member: string | undefined): Buffer => Buffer.from(member ?? "", "base64url");

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export const fingerprintOf = (blob: Uint8Array): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
