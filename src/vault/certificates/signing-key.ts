import { createPrivateKey, KeyObject, webcrypto } from "node:crypto";
import { Secret } from "../../secret.ts";

/** The types of key that Postern makes for certificates, the default first. */
export const keyTypes = ["P-384", "P-256", "RSA-3072", "Ed25519"] as const;
export type KeyType = (typeof keyTypes)[number];

/** Per type of key: what WebCrypto generates, and what it signs certificates with (ECDSA-SHA384 for P-384). */
const algorithms = {
  "P-384": { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  "P-256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "RSA-3072": {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 3072,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  },
  Ed25519: { name: "Ed25519" },
} as const;

/** OpenSSL's name of the curve or, for keys without one, of the type. */
const typesByName: Readonly<Record<string, KeyType>> = {
  secp384r1: "P-384",
  prime256v1: "P-256",
  rsa: "RSA-3072",
  ed25519: "Ed25519",
};

/** A new pair of keys, with the algorithm that it signs with. */
export interface SigningKeys {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: (typeof algorithms)[KeyType];
}

export async function generateKeys(type: KeyType): Promise<SigningKeys> {
  const algorithm = algorithms[type];
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  return { keys: keys as webcrypto.CryptoKeyPair, algorithm };
}

/** A key that was generated here, and the algorithm that fits it; `secret` is PEM. */
export function signerOf(secret: Secret): {
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: SigningKeys["algorithm"];
} {
  const key = createPrivateKey(secret.expose());
  const type = typesByName[key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? ""];
  if (type === undefined) throw new TypeError("the key is of a type that is not generated here");
  const algorithm = algorithms[type];
  return { key: key.toCryptoKey(algorithm, false, ["sign"]), algorithm };
}

/** The private key as unencrypted PKCS#8, PEM. */
export const exported = ({ keys }: SigningKeys): Secret =>
  new Secret(KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" }));
