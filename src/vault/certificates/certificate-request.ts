import "reflect-metadata"; // @peculiar/x509 needs it, and needs it first
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";
import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type { Secret } from "../../secret.ts";
import { exported, generateKeys, type KeyType } from "./signing-key.ts";
import { nameOf } from "./x509.ts";

/** A new key, and the request (PKCS#10, RFC 2986) that a CA makes a client certificate of. */
export async function makeRequest(o: {
  readonly keyType: KeyType;
  readonly subject: Name;
  /** For the subject alternative name. */
  readonly names: readonly JsonGeneralName[];
}): Promise<{ readonly request: string; readonly key: Secret }> {
  const made = await generateKeys(o.keyType);
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name: o.subject.toJSON(),
      keys: made.keys,
      signingAlgorithm: made.algorithm,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        ...(o.names.length > 0 ? [new SubjectAlternativeNameExtension([...o.names])] : []),
      ],
    },
    webcrypto,
  );
  return { request: `${request.toString("pem").trimEnd()}\n`, key: exported(made) };
}

/**
 * A name as people write it: `CN=gen-cert, O=Example` (RFC 4514), or a common name alone. Throws an Error whose message
 * says what is wrong with it.
 */
export function parseSubject(text: string): Name {
  if (/\p{Cc}/u.test(text)) throw new Error("it has a line break or another control character in it");
  if (!text.includes("=")) return checked(nameOf(text));
  let name: Name;
  try {
    name = new Name(text);
  } catch (error) {
    throw new Error("a part of it has no name that is known, such as CN, O, OU, L, ST or C", {
      cause: error,
    });
  }
  // The parser passes over what it does not understand.
  const plain = (text: string): string => text.replaceAll(/\s*([,+=])\s*/g, "$1").trim();
  if (plain(name.toString()) !== plain(text)) throw new Error(`it would be read as "${name.toString()}"`);
  return checked(name);
}

/** The bounds of RFC 5280, appendix A, for the parts that people use. */
const longest: Readonly<Record<string, number>> = { CN: 64, O: 64, OU: 64, L: 128, ST: 128, C: 2 };

function checked(name: Name): Name {
  for (const part of name.toJSON())
    for (const [type, values] of Object.entries(part))
      for (const value of values) {
        const length = typeof value === "string" ? value.length : Object.values(value).join("").length;
        if (length === 0) throw new Error(`its ${type} is empty`);
        if (length > (longest[type] ?? Infinity))
          throw new Error(`its ${type} has ${length} characters, and ${longest[type]} are the most`);
        if (type === "C" && length !== 2) throw new Error("its C is not a country's two letters");
      }
  return name;
}

/** One of the names by which the certificate is also known, as its looks say. Throws an Error as `parseSubject` does. */
export function parseName(value: string): JsonGeneralName {
  // IA5String holds only ASCII (RFC 5280 §4.2.1.6).
  if (!/^[\x21-\x7e]{1,255}$/.test(value))
    throw new Error("it is empty, too long, or has a blank or a character outside ASCII in it");
  if (isIP(value) !== 0) return { type: "ip", value };
  if (value.includes("://")) return { type: "url", value };
  if (value.includes("@")) return { type: "email", value };
  if (!/^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(value))
    throw new Error("it is no DNS name, IP address, e-mail address or URI");
  return { type: "dns", value };
}
