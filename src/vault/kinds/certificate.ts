import type { KeyObject, X509Certificate } from "node:crypto";
import { problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { certificatesIn, keysIn, keyTypeOf } from "../pem.ts";
import type { Draft, Item } from "../item.ts";
import { whyNoTls } from "../tls.ts";
import { misfitOf } from "./fit.ts";
import type { Input, Kind } from "./kind.ts";
import { factOf, givenPassphrase, passphraseField, secretOf } from "./value.ts";

const validDays = 5 * 365;
/** Endpoints whose clock is this far behind accept a new certificate at once. */
const clockSkewMs = 5 * 60_000;
/** The longest common name is 64 characters (RFC 5280, ub-common-name), and `client.….user.centml.ai` takes 22. */
const nameLength = 64 - "client..user.centml.ai".length;

/** Key first, then certificate: the form of the platform's download. */
const combined = (item: Item): Secret =>
  new Secret(secretOf(item, "key").expose() + factOf(item, "certificate"));

export const certificate: Kind = {
  name: "certificate",
  title: "Certificate",
  plural: "Certificates",
  summary: "opens the private endpoints whose deployment was given its CA",
  fields: [
    {
      name: "pem",
      label: "Certificate (.pem)",
      option: "pem",
      secret: true,
      required: true,
      multiline: true,
      help: "PEM file with the certificate, its chain if it has one, and the private key, in any order",
    },
    {
      name: "key",
      label: "Private key",
      option: "key",
      secret: true,
      required: false,
      multiline: true,
      help: "PEM file with the private key, where it is not in the same file",
    },
    passphraseField,
  ],
  fits: ["dedicated"],
  misfit: misfitOf("a certificate opens only the private endpoints whose deployment was given its CA"),
  generate: async ({ name, now }) => {
    // Loaded here, so that commands that only list or attach do not wait for it.
    const { issue, makeAuthority } = await import("../x509.ts");
    const validity = { notBefore: new Date(now.getTime() - clockSkewMs), validDays };
    const domain = `${name.slice(0, nameLength)}.user.centml.ai`;
    const authority = await makeAuthority({ commonName: `ca.${domain}`, ...validity });
    const issued = await issue(authority, { commonName: `client.${domain}`, usage: "platform", ...validity });
    const draft = draftOf(issued.certificate, issued.key, "the generated certificate");
    return {
      ...draft,
      facts: { ...draft.facts, ca: authority.certificate },
      secrets: { ...draft.secrets, caKey: authority.key },
    };
  },
  accept: async (input, now) => {
    const { leaf, chain, key } = given(input);
    const subject = oneLine(leaf.subject);
    if (leaf.validToDate <= now)
      throw problem("certificate_expired", {
        source: input.source,
        subject,
        expired: leaf.validToDate.toISOString(),
      });
    if (leaf.validFromDate > now)
      throw problem("certificate_not_yet_valid", {
        source: input.source,
        subject,
        from: leaf.validFromDate.toISOString(),
      });
    const pem = [leaf, ...chain].map((certificate) => certificate.toString()).join("");
    const draft = draftOf(pem, new Secret(key.export({ type: "pkcs8", format: "pem" })), input.source);
    const ca = chain.findLast((certificate) => certificate.ca)?.toString();
    return { ...draft, facts: { ...draft.facts, ...(ca !== undefined && { ca }) } };
  },
  recheck: (item) =>
    void draftOf(factOf(item, "certificate"), secretOf(item, "key"), `the vault item "${item.name}"`),
  reveal: combined,
  download: (item) => ({ fileName: `${item.name}.pem`, content: combined(item) }),
  attach: (item) => {
    const pem = factOf(item, "certificate");
    const [leaf] = certificatesIn(pem, `the vault item "${item.name}"`);
    // The certificate's own end, whatever the item says.
    const expires = leaf?.validToDate ?? new Date(0);
    return { identity: { certificate: pem, key: secretOf(item, "key"), expires } };
  },
};

/** What stands in a person's files: the certificate whose key is there, that key, and the other certificates. */
function given(input: Input): {
  leaf: X509Certificate;
  chain: readonly X509Certificate[];
  key: KeyObject;
} {
  const { pem, key: separate } = input.secrets;
  const certificates = certificatesIn(pem?.expose() ?? "", input.source);
  const keySource = (separate && input.sources?.["key"]) ?? input.source;
  const keys = keysIn((separate ?? pem)?.expose() ?? "", givenPassphrase(input), keySource);
  if (keys.length === 0 && separate !== undefined)
    throw problem("key_unreadable", {
      source: keySource,
      reason: "there is no BEGIN PRIVATE KEY line in it",
    });
  if (keys.length === 0) throw problem("certificate_without_key", { source: input.source });
  for (const key of keys) {
    // A renewed certificate may have kept its key: then the one that lasts longest is meant.
    const [leaf] = certificates
      .filter((certificate) => certificate.checkPrivateKey(key))
      .sort((a, b) => b.validToDate.getTime() - a.validToDate.getTime());
    if (leaf !== undefined) return { leaf, chain: inIssuingOrder(leaf, certificates), key };
  }
  throw problem("certificate_key_mismatch", {
    source: keySource,
    subject: certificates.map(({ subject }) => oneLine(subject)).join(" or "),
  });
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

/** The facts of a certificate (the first in `pem`, then its chain) and its key, which must be its own. */
function draftOf(pem: string, key: Secret, source: string): Draft {
  const [leaf] = certificatesIn(pem, source);
  const [privateKey] = keysIn(key.expose(), undefined, source);
  if (leaf === undefined || privateKey === undefined) throw problem("certificate_without_key", { source });
  const subject = oneLine(leaf.subject);
  // Node takes a certificate with another's key without a word where their types differ.
  if (!leaf.checkPrivateKey(privateKey)) throw problem("certificate_key_mismatch", { source, subject });
  const unusable = whyNoTls(pem, privateKey);
  if (unusable !== undefined) throw problem("certificate_unusable", { source, subject, reason: unusable });
  return {
    facts: {
      subject,
      issuer: oneLine(leaf.issuer),
      serial: leaf.serialNumber,
      fingerprint: leaf.fingerprint256,
      notBefore: leaf.validFromDate.toISOString(),
      keyType: keyTypeOf(privateKey),
      certificate: pem,
    },
    secrets: { key },
    expires: leaf.validToDate,
  };
}

/** Node writes a name with one attribute a line; a certificate may have none. */
const oneLine = (name: string | undefined): string => (name ?? "").split("\n").join(", ") || "without a name";
