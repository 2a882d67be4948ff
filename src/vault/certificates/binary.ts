import { problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { type Asn1, isA, numberOf, oidOf, parse, valuesIn } from "./asn1.ts";
import { pemOf } from "./pem.ts";
import { pemOfPkcs12 } from "./pkcs12.ts";

const signedData = "1.2.840.113549.1.7.2";

/**
 * The PEM form of what a binary file holds: a certificate or a key in DER, or PKCS#12, whichever its name says. Throws
 * `certificate_unreadable` for what is none of these, and what opening PKCS#12 throws.
 */
export async function pemOfBinary(
  bytes: Buffer,
  passphrase: Secret | undefined,
  source: string,
): Promise<string> {
  // The first bytes of the keystores that Java made before it made PKCS#12 (JKS, JCEKS).
  if (["feedfeed", "cececece"].includes(bytes.toString("hex", 0, 4)))
    throw problem("certificate_unreadable", {
      source,
      reason:
        "it is a Java keystore of the older form; keytool -importkeystore -srckeystore OLD -destkeystore NEW.p12 -deststoretype PKCS12 converts it",
    });
  let label: string | undefined;
  try {
    label = labelOf(parse(bytes));
  } catch (error) {
    throw problem(
      "certificate_unreadable",
      { source, reason: "it is binary, and neither DER nor PKCS#12, or it is cut off" },
      error,
    );
  }
  return label === "PKCS12" ? pemOfPkcs12(bytes, passphrase, source) : pemOf(label, bytes);
}

/** What PEM calls a value of this shape. Throws an Error where it has no name that is of use. */
function labelOf(root: Asn1): string {
  const values = valuesIn(root);
  const [first, second, third] = values;
  if (isA(first, "OID")) {
    if (oidOf(first) === signedData) return "PKCS7";
  } else if (isA(first, "INTEGER")) {
    if (numberOf(first) === 3) return "PKCS12";
    if (isA(second, "INTEGER") && values.length >= 9) return "RSA PRIVATE KEY";
    if (isA(second, "OCTETSTRING")) return "EC PRIVATE KEY";
    if (isA(second, "SEQUENCE") && isA(third, "OCTETSTRING")) return "PRIVATE KEY";
  } else if (isA(first, "SEQUENCE")) {
    if (isA(second, "OCTETSTRING")) return "ENCRYPTED PRIVATE KEY";
    // A request has the same shape, but holds less.
    if (isA(third, "BITSTRING")) return valuesIn(first).length > 4 ? "CERTIFICATE" : "CERTIFICATE REQUEST";
  }
  throw new Error("a shape of no use");
}
