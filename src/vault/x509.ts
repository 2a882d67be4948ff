import "reflect-metadata"; // @peculiar/x509 needs it, and needs it first
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import { Secret } from "../secret.ts";

export type KeyType = "P-384" | "P-256" | "RSA-3072" | "Ed25519";

/** A certificate with its private key. */
export interface Issued {
  /** PEM, one certificate. */
  readonly certificate: string;
  /** Unencrypted PKCS#8, PEM. */
  readonly key: Secret;
  readonly expires: Date;
}

interface Validity {
  /** Rounded down to the second, as X.509 counts. */
  readonly notBefore: Date;
  readonly validDays: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const subtle = webcrypto.subtle;

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

/** A new certificate authority: a key of its own and a self-signed certificate that may sign others, one level deep. */
export async function makeAuthority(
  o: { readonly commonName: string; readonly keyType?: KeyType } & Validity,
): Promise<Issued> {
  const type = o.keyType ?? "P-384";
  const keys = await generate(type);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: nameOf(o.commonName),
      serialNumber: serial(),
      ...validity(o),
      keys,
      signingAlgorithm: algorithms[type],
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return issued(certificate, keys.privateKey);
}

/**
 * A new key, and a certificate for it that `authority` signs. The usage `platform` names no purpose and no names, as
 * the client certificates that the platform hands out; servers take it as a client's all the same.
 */
export async function issue(
  authority: Issued,
  o: {
    readonly commonName: string;
    readonly usage: "client" | "server" | "platform";
    /** DNS names and IP addresses, for the subject alternative name. */
    readonly names?: readonly string[];
    readonly keyType?: KeyType;
  } & Validity,
): Promise<Issued> {
  const type = o.keyType ?? "P-384";
  const keys = await generate(type);
  const issuer = new X509Certificate(authority.certificate);
  const signer = signerOf(authority.key);
  // An RSA key may also decrypt the session key of a TLS 1.2 handshake (RFC 5280 §4.2.1.3).
  const usages = KeyUsageFlags.digitalSignature | (type === "RSA-3072" ? KeyUsageFlags.keyEncipherment : 0);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(usages, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto),
  ];
  if (o.usage !== "platform") {
    const purpose = o.usage === "server" ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
    extensions.push(new ExtendedKeyUsageExtension([purpose]));
    if (o.names !== undefined && o.names.length > 0)
      extensions.push(new SubjectAlternativeNameExtension(o.names.map(generalName)));
  }
  const certificate = await X509CertificateGenerator.create(
    {
      subject: nameOf(o.commonName),
      issuer: issuer.subjectName,
      serialNumber: serial(),
      ...validity(o),
      publicKey: keys.publicKey,
      signingKey: signer.key,
      signingAlgorithm: signer.algorithm,
      extensions,
    },
    webcrypto,
  );
  return issued(certificate, keys.privateKey);
}

async function generate(type: KeyType): Promise<webcrypto.CryptoKeyPair> {
  return (await subtle.generateKey(algorithms[type], true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
}

/** The authority's key, with the algorithm that fits it. */
function signerOf(secret: Secret): { key: webcrypto.CryptoKey; algorithm: (typeof algorithms)[KeyType] } {
  const key = createPrivateKey(secret.expose());
  const type = typesByName[key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? ""];
  if (type === undefined)
    throw new TypeError("the authority's key is of a type that makeAuthority does not make");
  const algorithm = algorithms[type];
  return { key: key.toCryptoKey(algorithm, false, ["sign"]), algorithm };
}

const nameOf = (commonName: string): Name => new Name([{ CN: [{ utf8String: commonName }] }]);

const generalName = (name: string): JsonGeneralName => ({
  type: isIP(name) === 0 ? "dns" : "ip",
  value: name,
});

/** 126 random bits behind the bits 01: positive, never zero, and always of 16 bytes (RFC 5280 §4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function validity(o: Validity): { notBefore: Date; notAfter: Date } {
  const start = Math.floor(o.notBefore.getTime() / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + o.validDays * dayMs) };
}

function issued(certificate: X509Certificate, privateKey: webcrypto.CryptoKey): Issued {
  const key = KeyObject.from(privateKey).export({ type: "pkcs8", format: "pem" });
  return {
    certificate: `${certificate.toString("pem").trimEnd()}\n`,
    key: new Secret(key),
    expires: certificate.notAfter,
  };
}
