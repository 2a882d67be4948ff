import { createHmac, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import forge from "node-forge";
import type { Openssl, Pair } from "./openssl.ts";

type Asn1 = forge.asn1.Asn1;

/** A PKCS#12 file of a key, a certificate or both, as `openssl pkcs12 -export` writes it with these options. */
export function pkcs12(
  openssl: Openssl,
  { key, certificate }: Partial<Pair>,
  passphrase: string,
  options: readonly string[] = [],
): Buffer {
  const parts = [
    ...(key === undefined ? ["-nokeys"] : ["-inkey", openssl.file(key)]),
    ...(certificate === undefined ? ["-nocerts"] : ["-in", openssl.file(certificate)]),
  ];
  const out = openssl.file("");
  const pass = ["-passout", `file:${openssl.file(`${passphrase}\n`)}`];
  openssl.run(["pkcs12", "-export", ...parts, ...pass, ...options, "-out", out]);
  return readFileSync(out);
}

const read = (bytes: Buffer): Asn1 => forge.asn1.fromDer(bytes.toString("latin1"));
const write = (value: Asn1): Buffer => Buffer.from(forge.asn1.toDer(value).getBytes(), "latin1");
const inside = (value: Asn1 | undefined, ...path: readonly number[]): Asn1 => {
  const found = path.reduce((node, index) => (node?.value as Asn1[] | undefined)?.[index], value);
  if (found === undefined) throw new Error("the file is not as OpenSSL writes it");
  return found;
};
const largest = "\u007f\u00ff\u00ff\u00ff";

/** Opens an OCTET STRING that holds DER, has `change` change it, and closes it again. */
function within(octets: Asn1, change: (inner: Asn1) => void): void {
  const inner = read(Buffer.from(octets.value as string, "latin1"));
  change(inner);
  octets.value = write(inner).toString("latin1");
}

/** The same file with 2,147,483,647 rounds for its MAC. */
export function macBomb(file: Buffer): Buffer {
  const pfx = read(file);
  inside(pfx, 2, 2).value = largest;
  return write(pfx);
}

/** The same file (without a MAC, its certificates plain) with that many rounds for its key. */
export function keyBomb(file: Buffer): Buffer {
  const pfx = read(file);
  within(inside(pfx, 1, 1, 0), (safe) => {
    for (const part of safe.value as Asn1[])
      within(inside(part, 1, 0), (bags) => {
        for (const bag of bags.value as Asn1[]) {
          const algorithm = inside(bag, 1, 0, 0);
          if (forge.asn1.derToOid(inside(bag, 0).value as string).endsWith(".12.10.1.2"))
            inside(algorithm, 1, 0, 1, 1).value = largest;
        }
      });
  });
  return write(pfx);
}

/** An encrypted PKCS#8 key (PBES2 with PBKDF2) with that many rounds, in PEM. */
export function encryptedKeyBomb(pem: string): string {
  const key = read(Buffer.from(pem.replaceAll(/-.*-/g, ""), "base64"));
  inside(key, 0, 1, 0, 1, 1).value = largest;
  const body = write(key).toString("base64").replaceAll(/.{64}/g, "$&\n");
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
}

/** The contents of several files (without a MAC) in one, as a Java keystore with several entries. */
export function joined(...files: readonly Buffer[]): Buffer {
  const pfx = read(files[0] ?? Buffer.alloc(0));
  within(inside(pfx, 1, 1, 0), (safe) => {
    for (const file of files.slice(1))
      within(inside(read(file), 1, 1, 0), (more) => (safe.value as Asn1[]).push(...(more.value as Asn1[])));
  });
  return write(pfx);
}

/** The same file with a MAC by PBMAC1 (RFC 9579), as newer programs write it. */
export function withPbmac1(file: Buffer, passphrase: string): Buffer {
  const { create, Class, Type, oidToDer } = forge.asn1;
  const sequence = (...values: Asn1[]): Asn1 => create(Class.UNIVERSAL, Type.SEQUENCE, true, values);
  const octets = (bytes: Buffer): Asn1 =>
    create(Class.UNIVERSAL, Type.OCTETSTRING, false, bytes.toString("latin1"));
  const integer = (hex: string): Asn1 =>
    create(Class.UNIVERSAL, Type.INTEGER, false, Buffer.from(hex, "hex").toString("latin1"));
  const oid = (dots: string): Asn1 => create(Class.UNIVERSAL, Type.OID, false, oidToDer(dots).getBytes());
  const pfx = read(file);
  const salt = Buffer.from("0123456789abcdef");
  const hmac = (): Asn1 => sequence(oid("1.2.840.113549.2.9"), create(Class.UNIVERSAL, Type.NULL, false, ""));
  const derivation = sequence(
    oid("1.2.840.113549.1.5.12"),
    sequence(octets(salt), integer("0800"), integer("20"), hmac()),
  );
  const content = Buffer.from(inside(pfx, 1, 1, 0).value as string, "latin1");
  const key = pbkdf2Sync(passphrase, salt, 0x0800, 32, "sha256");
  const digest = createHmac("sha256", key).update(content).digest();
  const algorithm = sequence(oid("1.2.840.113549.1.5.14"), sequence(derivation, hmac()));
  const mac = sequence(sequence(algorithm, octets(digest)), octets(Buffer.from("NOT USED")), integer("01"));
  pfx.value = [inside(pfx, 0), inside(pfx, 1), mac];
  return write(pfx);
}
