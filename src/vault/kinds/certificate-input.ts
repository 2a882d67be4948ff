import type { KeyObject, X509Certificate } from "node:crypto";
import { problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { binaryIn, certificatesIn, subjectOf } from "../certificates/pem.ts";
import { keysIn } from "../certificates/private-key.ts";
import type { Input } from "./kind.ts";
import { givenPassphrase } from "./value.ts";

/** A certificate with what belongs to it. */
export interface Identity {
  readonly leaf: X509Certificate;
  /** From the leaf's issuer upwards, then whatever else was there. */
  readonly chain: readonly X509Certificate[];
  readonly key: KeyObject;
}

/**
 * What stands in a person's files: the certificate whose key is there, that key, and the other certificates. Throws what
 * makes them unreadable, `certificate_without_key` or `certificate_key_mismatch`.
 */
export async function identityIn(input: Input): Promise<Identity> {
  const passphrase = givenPassphrase(input);
  const { pem, key: separate } = input.secrets;
  const text = await textOf(pem, passphrase, input.source);
  const certificates = certificatesIn(text, input.source);
  const keySource = (separate && input.sources?.["key"]) ?? input.source;
  const keyText = separate === undefined ? text : await textOf(separate, passphrase, keySource);
  const keys = await keysIn(keyText, passphrase, keySource);
  if (keys.length === 0 && separate !== undefined)
    throw problem("key_unreadable", {
      source: keySource,
      reason: "there is no BEGIN PRIVATE KEY line in it",
    });
  if (keys.length === 0) throw problem("certificate_without_key", { source: input.source });
  for (const key of keys) {
    const identity = identityOf(key, certificates);
    if (identity !== undefined) return identity;
  }
  throw problem("certificate_key_mismatch", {
    source: keySource,
    subject: certificates.map(subjectOf).join(" or "),
  });
}

/** The certificate of a key that the vault holds, out of the files that a CA sent back. Throws `certificate_not_requested`. */
export async function answerIn(input: Input, item: string, key: KeyObject): Promise<Identity> {
  const text = await textOf(input.secrets["pem"], givenPassphrase(input), input.source);
  const certificates = certificatesIn(text, input.source);
  const identity = identityOf(key, certificates);
  if (identity === undefined)
    throw problem("certificate_not_requested", {
      source: input.source,
      subject: certificates.map(subjectOf).join(" or "),
      item,
    });
  return identity;
}

/** PEM as it was given, or made of a binary file. */
async function textOf(
  given: Secret | undefined,
  passphrase: Secret | undefined,
  source: string,
): Promise<string> {
  const text = given?.expose() ?? "";
  const bytes = binaryIn(text);
  if (bytes === undefined) return text;
  // Loaded here, so that PEM does not wait for it.
  const { pemOfBinary } = await import("../certificates/binary.ts");
  return pemOfBinary(bytes, passphrase, source);
}

function identityOf(key: KeyObject, all: readonly X509Certificate[]): Identity | undefined {
  // A renewed certificate may have kept its key: then the one that lasts longest is meant.
  const [leaf] = all
    .filter((certificate) => certificate.checkPrivateKey(key))
    .sort((a, b) => b.validToDate.getTime() - a.validToDate.getTime());
  return leaf && { leaf, chain: inIssuingOrder(leaf, all), key };
}

/** The others from the leaf's issuer upwards, as TLS sends them (RFC 8446 §4.4.2); then those of no use to it. */
function inIssuingOrder(leaf: X509Certificate, all: readonly X509Certificate[]): readonly X509Certificate[] {
  const rest = all.filter((certificate) => certificate !== leaf);
  const chain: X509Certificate[] = [];
  for (let last: X509Certificate | undefined = leaf; last !== undefined; last = chain.at(-1)) {
    const child: X509Certificate = last;
    const issuer = rest.findIndex((other) => child.checkIssued(other) && child.verify(other.publicKey));
    if (issuer === -1) break;
    chain.push(...rest.splice(issuer, 1));
  }
  return [...chain, ...rest];
}
