import { X509Certificate } from "node:crypto";
import { problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Item } from "../item.ts";
import { type KeyType, keyTypes } from "../certificates/signing-key.ts";
import type { Field, Input } from "./kind.ts";
import { givenFact, refused } from "./value.ts";

/** As the platform's own certificates. */
const defaultDays = 5 * 365;
const mostDays = 10 * 365;
/** So that a CA that was given to the platform once outlasts the certificates that it renews. */
const authorityDays = 20 * 365;
/** Endpoints whose clock is this far behind accept a new certificate at once. */
const clockSkewMs = 5 * 60_000;
const dayMs = 24 * 3_600_000;
/** The longest common name, in characters (RFC 5280, ub-common-name). */
const longestName = 64;
/** `client.….user.centml.ai` takes 22 of them. */
const longestPart = longestName - "client..user.centml.ai".length;

export const keyTypeField: Field = {
  name: "key-type",
  label: "Key type",
  secret: false,
  required: false,
  help: `the type of its key: ${keyTypes.join(", ")} (default: ${keyTypes[0]})`,
  options: keyTypes,
};

/** What a person may choose for a certificate of a CA of its own. */
export const choices: readonly Field[] = [
  keyTypeField,
  {
    name: "days",
    label: "Days",
    secret: false,
    required: false,
    help: `how long it is valid, 1 to ${mostDays} days (default: ${defaultDays})`,
  },
  {
    name: "common-name",
    label: "Common name",
    secret: false,
    required: false,
    help: "its common name (default: client.NAME.user.centml.ai)",
  },
];

/** A certificate and its key, with the CA that signed it and the CA's key; all PEM. */
export interface OwnCertificate {
  readonly certificate: string;
  readonly key: Secret;
  readonly ca: string;
  readonly caKey: Secret;
}

/** A new CA, and a new certificate that it signs. Throws `value_invalid` for a choice that cannot be met. */
export async function makeOwn(name: string, facts: Input["facts"], now: Date): Promise<OwnCertificate> {
  const keyType = keyTypeOf(name, facts);
  const validDays = daysOf(name, facts);
  const chosen = givenFact({ facts }, "common-name");
  if (chosen !== undefined && (chosen.length > longestName || /\p{Cc}/u.test(chosen)))
    throw refused(
      name,
      `its common name is longer than ${longestName} characters, or has a control character in it`,
      "give a shorter one with --common-name",
      "common-name",
    );
  const domain = `${name.slice(0, longestPart)}.user.centml.ai`;
  const authorityName = chosen === undefined ? `ca.${domain}` : `ca.${chosen}`.slice(0, longestName);
  // Loaded here, so that commands that only list or attach do not wait for it.
  const { issue, makeAuthority } = await import("../certificates/x509.ts");
  const notBefore = new Date(now.getTime() - clockSkewMs);
  const authority = await makeAuthority({
    commonName: authorityName,
    keyType,
    notBefore,
    validDays: authorityDays,
  });
  const commonName = chosen ?? `client.${domain}`;
  const issued = await issue(authority, { commonName, usage: "platform", keyType, notBefore, validDays });
  return { ...issued, ca: authority.certificate, caKey: authority.key };
}

/**
 * A new key and certificate of an item's own CA: of the same name, the same type of key, and for as long as the old one.
 * Throws `item_not_generated` where the vault does not hold the CA's key, `certificate_ca_expired` where the CA is at
 * its end.
 */
export async function renewOwn(item: Item, now: Date): Promise<OwnCertificate> {
  const { certificate, ca, keyType } = item.facts;
  const { caKey } = item.secrets;
  const type = keyTypes.find((type) => type === keyType);
  if (certificate === undefined || ca === undefined || caKey === undefined || type === undefined)
    throw problem("item_not_generated", { name: item.name, title: "Certificate" });
  const old = new X509Certificate(certificate);
  const { validToDate: authorityEnd } = new X509Certificate(ca);
  const notBefore = new Date(now.getTime() - clockSkewMs);
  const lastsMs = old.validToDate.getTime() - old.validFromDate.getTime();
  const notAfterMs = Math.min(notBefore.getTime() + lastsMs, authorityEnd.getTime());
  if (notAfterMs - now.getTime() < dayMs)
    throw problem("certificate_ca_expired", { name: item.name, expires: authorityEnd.toISOString() });
  const { issue } = await import("../certificates/x509.ts");
  const issued = await issue(
    { certificate: ca, key: caKey, expires: authorityEnd },
    {
      // Made here, so it has one, and nothing else.
      commonName: String(old.toLegacyObject().subject.CN),
      usage: "platform",
      keyType: type,
      notBefore,
      notAfter: new Date(notAfterMs),
    },
  );
  return { ...issued, ca, caKey };
}

/** The type of key that was chosen. Throws `value_invalid` for one that is not made. */
export function keyTypeOf(name: string, facts: Input["facts"]): KeyType {
  const chosen = givenFact({ facts }, "key-type");
  if (chosen === undefined) return keyTypes[0];
  const type = keyTypes.find((type) => type.toLowerCase() === chosen.toLowerCase());
  if (type === undefined)
    throw refused(
      name,
      `"${chosen}" is not a type of key that certificates are made with here`,
      `give one of ${keyTypes.join(", ")} with --key-type`,
      "key-type",
    );
  return type;
}

function daysOf(name: string, facts: Input["facts"]): number {
  const chosen = givenFact({ facts }, "days");
  if (chosen === undefined) return defaultDays;
  const days = /^\d{1,6}$/.test(chosen) ? Number(chosen) : 0;
  if (days < 1 || days > mostDays)
    throw refused(
      name,
      `"${chosen}" is not a number of days from 1 to ${mostDays}`,
      "give the days that it shall be valid with --days",
      "days",
    );
  return days;
}
