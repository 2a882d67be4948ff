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
import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type { Secret } from "../../secret.ts";
import { exported, generateKeys, keyTypes, type KeyType, type SigningKeys, signerOf } from "./signing-key.ts";

/** A certificate with its private key. */
export interface Issued {
  /** PEM, one certificate. */
  readonly certificate: string;
  /** Unencrypted PKCS#8, PEM. */
  readonly key: Secret;
  readonly expires: Date;
}

/** Rounded down to the second, as X.509 counts. */
type Validity = { readonly notBefore: Date } & ({ readonly validDays: number } | { readonly notAfter: Date });

const dayMs = 24 * 60 * 60 * 1000;

/** A new certificate authority: a key of its own and a self-signed certificate that may sign others, one level deep. */
export async function makeAuthority(
  o: { readonly commonName: string; readonly keyType?: KeyType } & Validity,
): Promise<Issued> {
  const made = await generateKeys(o.keyType ?? keyTypes[0]);
  const { keys, algorithm } = made;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: nameOf(o.commonName),
      serialNumber: serial(),
      ...validity(o),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return issued(certificate, made);
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
  const type = o.keyType ?? keyTypes[0];
  const made = await generateKeys(type);
  const { keys } = made;
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
  return issued(certificate, made);
}

export const nameOf = (commonName: string): Name => new Name([{ CN: [{ utf8String: commonName }] }]);

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
  return {
    notBefore: new Date(start),
    notAfter: "notAfter" in o ? o.notAfter : new Date(start + o.validDays * dayMs),
  };
}

const issued = (certificate: X509Certificate, made: SigningKeys): Issued => ({
  certificate: `${certificate.toString("pem").trimEnd()}\n`,
  key: exported(made),
  expires: certificate.notAfter,
});
