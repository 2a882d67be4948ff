import { createPrivateKey, type KeyObject } from "node:crypto";
import { problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Draft, Item } from "../item.ts";
import { certificatesIn, subjectOf } from "../certificates/pem.ts";
import { keyTypeOf } from "../certificates/private-key.ts";
import { whyNoTls } from "../certificates/tls.ts";
import { answerIn, type Identity, identityIn } from "./certificate-input.ts";
import { beginRequest, pendingRequest, refuseWaiting, requestFields } from "./certificate-waiting.ts";
import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { choices, makeOwn, type OwnCertificate, renewOwn } from "./own-certificate.ts";
import { factOf, passphraseField, secretOf } from "./value.ts";

const sourceOf = (item: Item): string => `the vault item "${item.name}"`;

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
      alias: "p12",
      secret: true,
      required: true,
      multiline: true,
      binary: true,
      help: "file with the certificate, its chain if it has one, and the private key: PEM in any order, DER, or PKCS#12 (.p12, .pfx)",
    },
    {
      name: "key",
      label: "Private key",
      option: "key",
      secret: true,
      required: false,
      multiline: true,
      binary: true,
      help: "file with the private key, PEM or DER, where it is not in the same file",
    },
    passphraseField,
  ],
  fits: ["dedicated"],
  misfit: misfitOf("a certificate opens only the private endpoints whose deployment was given its CA"),
  choices,
  generate: async ({ name, now, facts = {} }) => ownDraft(await makeOwn(name, facts, now)),
  regenerate: async (item, now) => {
    refuseWaiting(item);
    return ownDraft(await renewOwn(item, now));
  },
  madeHere: ({ secrets }) => secrets["caKey"] !== undefined,
  request: {
    fields: requestFields,
    begin: beginRequest,
    pending: pendingRequest,
    complete: async (item, answer, now) => {
      const key = createPrivateKey(secretOf(item, "key").expose());
      return givenDraft(await answerIn(answer, item.name, key), answer.source, now);
    },
  },
  accept: async (input, now) => givenDraft(await identityIn(input), input.source, now),
  recheck: (item) => {
    refuseWaiting(item);
    draftOf(factOf(item, "certificate"), secretOf(item, "key"), sourceOf(item));
  },
  reveal: (item) => (pendingRequest(item) === undefined ? combined(item) : secretOf(item, "key")),
  download: (item) => {
    refuseWaiting(item);
    return { fileName: `${item.name}.pem`, content: combined(item) };
  },
  publicParts: [
    {
      option: "public",
      title: "certificate alone",
      help: "only the certificate and its chain, without the key",
      file: (item) => {
        refuseWaiting(item);
        return { fileName: `${item.name}.crt`, content: factOf(item, "certificate") };
      },
    },
    {
      option: "ca",
      title: "certificate of its CA",
      help: "only the certificate of its CA, to give to the platform",
      file: (item) => {
        refuseWaiting(item);
        const { ca } = item.facts;
        if (ca === undefined) throw problem("certificate_ca_unknown", { name: item.name });
        return { fileName: `${item.name}-ca.crt`, content: ca };
      },
    },
  ],
  attach: (item) => {
    refuseWaiting(item);
    const pem = factOf(item, "certificate");
    const [leaf] = certificatesIn(pem, sourceOf(item));
    // The certificate's own end, whatever the item says.
    const expires = leaf?.validToDate ?? new Date(0);
    return { identity: { certificate: pem, key: secretOf(item, "key"), expires } };
  },
};

function ownDraft({ certificate, key, ca, caKey }: OwnCertificate): Draft {
  const { facts, secrets, ...more } = draftOf(certificate, key, "the generated certificate");
  return { ...more, facts: { ...facts, ca }, secrets: { ...secrets, caKey } };
}

/** What is taken of a person's files. Throws `certificate_expired` or `certificate_not_yet_valid`. */
function givenDraft({ leaf, chain, key }: Identity, source: string, now: Date): Draft {
  const subject = subjectOf(leaf);
  if (leaf.validToDate <= now)
    throw problem("certificate_expired", { source, subject, expired: leaf.validToDate.toISOString() });
  if (leaf.validFromDate > now)
    throw problem("certificate_not_yet_valid", { source, subject, from: leaf.validFromDate.toISOString() });
  const pem = [leaf, ...chain].map((certificate) => certificate.toString()).join("");
  const draft = draftOf(pem, new Secret(key.export({ type: "pkcs8", format: "pem" })), source);
  const ca = chain.findLast((certificate) => certificate.ca)?.toString();
  return { ...draft, facts: { ...draft.facts, ...(ca !== undefined && { ca }) } };
}

/** The facts of a certificate (the first in `pem`, then its chain) and its key, which must be its own. */
function draftOf(pem: string, key: Secret, source: string): Draft {
  const [leaf] = certificatesIn(pem, source);
  if (leaf === undefined) throw problem("certificate_without_key", { source });
  const privateKey = readKey(key, source);
  const subject = subjectOf(leaf);
  // Node takes a certificate with another's key without a word where their types differ.
  if (!leaf.checkPrivateKey(privateKey)) throw problem("certificate_key_mismatch", { source, subject });
  const unusable = whyNoTls(pem, privateKey);
  if (unusable !== undefined) throw problem("certificate_unusable", { source, subject, reason: unusable });
  return {
    facts: {
      subject,
      issuer: subjectOf({ subject: leaf.issuer }),
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

/** The key of an item: unencrypted PKCS#8, unless somebody changed it by hand. */
function readKey(pem: Secret, source: string): KeyObject {
  try {
    return createPrivateKey(pem.expose());
  } catch (error) {
    throw problem("key_unreadable", { source, reason: "the key in it is damaged" }, error);
  }
}
