import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { Secret } from "../../secret.ts";
import { bytesOf, ecdsaPoint, publicBlob, type SshType, sshTypeOf } from "./ssh-public.ts";
import { mpint, string, uint32 } from "./ssh-wire.ts";

/** A private key that SSH can use. */
export interface SshKey {
  readonly type: SshType;
  readonly key: KeyObject;
  /** Its public half, as SSH writes it. */
  readonly blob: Buffer;
  /** One line; may be empty. */
  readonly comment: string;
}

/** What a file in OpenSSH's form begins with. */
export const openSshMagic = "openssh-key-v1\0";

/** The types of key that can be made, the default first. */
export const sshKeyTypes = ["Ed25519", "P-256", "P-384", "P-521", "RSA-3072"] as const;

/** Makes a new key. */
export async function makeSshKey(keyType: (typeof sshKeyTypes)[number], comment: string): Promise<SshKey> {
  const make = promisify(generateKeyPair);
  const pair =
    keyType === "Ed25519"
      ? await make("ed25519")
      : keyType === "RSA-3072"
        ? await make("rsa", { modulusLength: 3072 })
        : await make("ec", { namedCurve: keyType });
  const key = pair.privateKey;
  const type = sshTypeOf(key);
  if (type === undefined) throw new TypeError(`SSH has no keys of the type ${keyType}`);
  return { type, key, comment, blob: publicBlob(key, type) };
}

/** A private key in OpenSSH's form (its PROTOCOL.key), not encrypted. */
export function formatSshKey({ key, type, blob, comment }: SshKey): Secret {
  // The same number twice: it shows ssh whether a passphrase was right.
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, privateFields(key, type), string(comment)]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8));
  const [cipher, stretching, options] = [string("none"), string("none"), string("")];
  const sealed = string(Buffer.concat([secret, padding]));
  const head = [Buffer.from(openSshMagic), cipher, stretching, options, uint32(1)];
  const body = Buffer.concat([...head, string(blob), sealed]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return new Secret(
    ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n"),
  );
}

/** Both halves of a key as an agent keeps them (draft-ietf-sshm-ssh-agent §3.2), which OpenSSH's files take over. */
function privateFields(key: KeyObject, { name, ecdsa }: SshType): Buffer {
  const { n, e, d, p, q, qi, x, y } = key.export({ format: "jwk" });
  const whole = [n, e, d, qi, p, q].map((number) => mpint(bytesOf(number)));
  if (name === "ssh-rsa") return Buffer.concat([string(name), ...whole]);
  if (ecdsa === undefined) {
    const pair = Buffer.concat([bytesOf(d), bytesOf(x)]);
    return Buffer.concat([string(name), string(bytesOf(x)), string(pair)]);
  }
  const { curve } = ecdsa;
  return Buffer.concat([string(name), string(curve), string(ecdsaPoint(x, y)), mpint(bytesOf(d))]);
}
