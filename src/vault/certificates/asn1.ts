import forge from "node-forge";

/** A value in ASN.1, as BER or DER writes it: a tag, and bytes or more values. */
export type Asn1 = forge.asn1.Asn1;

/** Deeper than any credential is nested. */
const deepest = 64;

/** node-forge's types know only a boolean here. BIT STRINGs are left as they are: guessing what is in them costs time. */
const fromDer = forge.asn1.fromDer as unknown as (
  bytes: string,
  options: { readonly strict: boolean; readonly decodeBitStrings: boolean; readonly maxDepth: number },
) => Asn1;

/** Reads one value that fills `bytes`. Throws an Error for what is cut off, too deep, or not ASN.1. */
export const parse = (bytes: Buffer): Asn1 =>
  fromDer(bytes.toString("latin1"), { strict: true, decodeBitStrings: false, maxDepth: deepest });

/** The value in DER again. */
export const derOf = (value: Asn1): Buffer => Buffer.from(forge.asn1.toDer(value).getBytes(), "latin1");

/** The values in a SEQUENCE, a SET or a constructed tag. Throws an Error where there are only bytes. */
export function valuesIn(node: Asn1 | undefined): readonly Asn1[] {
  if (!Array.isArray(node?.value)) throw new Error("not a sequence");
  return node.value;
}

/** Whether it is one of ASN.1's own types, such as `forge.asn1.Type.SEQUENCE`. */
export const isA = (node: Asn1 | undefined, type: keyof typeof forge.asn1.Type): boolean =>
  node?.tagClass === forge.asn1.Class.UNIVERSAL && node.type === forge.asn1.Type[type];

/** An OBJECT IDENTIFIER with dots. */
export function oidOf(node: Asn1 | undefined): string {
  if (node === undefined || !isA(node, "OID") || typeof node.value !== "string" || node.value === "")
    throw new Error("not an object identifier");
  return forge.asn1.derToOid(node.value);
}

/** A whole number that is not negative; what a double cannot hold becomes Infinity. */
export function numberOf(node: Asn1 | undefined): number {
  if (!isA(node, "INTEGER") || typeof node?.value !== "string") throw new Error("not an integer");
  return Number(`0x${Buffer.from(node.value, "latin1").toString("hex")}`);
}

/** The bytes of an OCTET STRING, whatever its tag; BER may write it in pieces. */
export function octetsOf(node: Asn1 | undefined): Buffer {
  if (node === undefined) throw new Error("not an octet string");
  return typeof node.value === "string"
    ? Buffer.from(node.value, "latin1")
    : Buffer.concat(node.value.map(octetsOf));
}
