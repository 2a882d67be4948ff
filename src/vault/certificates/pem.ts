import { X509Certificate } from "node:crypto";
import { problem } from "../../errors.ts";

/** More than any chain has; putting them in order takes a time that grows with the square of their number. */
const mostCertificates = 200;

/** What is wrong with a block, whatever it should hold. */
export const blockReasons = {
  cutOff: "it is cut off before its END line",
  inline: "its BEGIN and END do not stand on lines of their own",
} as const;

export interface Block {
  /** "CERTIFICATE", "EC PRIVATE KEY". */
  readonly label: string;
  /** With its BEGIN line and, unless it is cut off, its END line. */
  readonly text: string;
  readonly cutOff: boolean;
}

/**
 * The PEM blocks of a text, in its order (RFC 7468). Whatever stands around them is passed over: openssl writes "Bag
 * Attributes" and `-text` output there, editors a byte order mark, Windows its line ends, YAML its indentation.
 */
export function pemBlocks(text: string): readonly Block[] {
  const blocks: { readonly label: string; readonly lines: string[]; cutOff: boolean }[] = [];
  let block: (typeof blocks)[number] | undefined;
  // Line by line, in a time that grows no faster than the text: a pattern over the whole can take minutes.
  for (const line of text.split(/\r\n?|\n/).map((line) => line.trim())) {
    const [, edge, label = ""] = /^-----(BEGIN|END) ([A-Z0-9 ]+)-----$/.exec(line) ?? [];
    if (edge === "BEGIN") {
      block = { label, lines: [], cutOff: true };
      blocks.push(block);
    }
    block?.lines.push(line);
    if (edge === "END" && label === block?.label) {
      block.cutOff = false;
      block = undefined;
    }
  }
  return blocks.map(({ label, lines, cutOff }) => ({ label, text: `${lines.join("\n")}\n`, cutOff }));
}

/** The PEM block of these bytes. */
export const pemOf = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;

/** The label by which a binary file travels as text; nothing else writes it. */
const binary = "BINARY FILE";

/** A binary file as a text, for the fields that take both. */
export const armour = (bytes: Buffer): string => pemOf(binary, bytes);

/** The bytes of a binary file that came as `armour` writes it, or as GnuTLS writes PKCS#12; undefined for other texts. */
export function binaryIn(text: string): Buffer | undefined {
  const [block, ...more] = pemBlocks(text);
  if (block === undefined || more.length > 0 || ![binary, "PKCS12"].includes(block.label)) return undefined;
  return bytesOf(block);
}

/** What stands between the edges of a block; its headers (RFC 1421), if any, are left out. */
export const bytesOf = ({ text }: Block): Buffer =>
  Buffer.from(text.replaceAll(/^-.*$|^.*:.*$/gm, ""), "base64");

/** All certificates of a text, in its order, each once. Throws `certificate_unreadable` where it holds none. */
export function certificatesIn(text: string, source: string): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  const found = new Map<string, X509Certificate>();
  for (const block of blocks) {
    if (block.label !== "CERTIFICATE" && block.label !== "X509 CERTIFICATE") continue;
    if (block.cutOff) throw problem("certificate_unreadable", { source, reason: blockReasons.cutOff });
    try {
      const certificate = new X509Certificate(block.text.replaceAll("X509 CERTIFICATE", "CERTIFICATE"));
      // Node takes dates that are none without a word, and its Date objects then hold whatever lay in memory.
      if ([certificate.validFrom, certificate.validTo].some((date) => Number.isNaN(Date.parse(date))))
        throw new Error("its dates are no dates");
      found.set(certificate.fingerprint256, certificate);
    } catch (error) {
      throw problem("certificate_unreadable", { source, reason: "the certificate in it is damaged" }, error);
    }
  }
  if (found.size === 0)
    throw problem("certificate_unreadable", { source, reason: whyNoCertificate(text, blocks) });
  if (found.size > mostCertificates)
    throw problem("certificate_unreadable", {
      source,
      reason: `it holds ${found.size} certificates, and more than ${mostCertificates} are in no chain`,
    });
  return [...found.values()];
}

/** The subject's name on one line: Node writes one attribute a line, and a certificate may have none. */
export const subjectOf = ({ subject }: { readonly subject: string | undefined }): string =>
  (subject ?? "").split("\n").join(", ") || "without a name";

function whyNoCertificate(text: string, blocks: readonly Block[]): string {
  const labels = blocks.map(({ label }) => label);
  if (labels.some((label) => label === "PKCS7" || label === "CMS"))
    return "it is a PKCS#7 bundle; openssl pkcs7 -print_certs converts it";
  if (labels.some((label) => label.endsWith("CERTIFICATE REQUEST"))) return "it is a request for one";
  if (labels.includes("TRUSTED CERTIFICATE"))
    return "it is in OpenSSL's TRUSTED form; openssl x509 converts it";
  if (labels.some((label) => label.endsWith("PRIVATE KEY"))) return "there is only a private key in it";
  return text.includes("-----BEGIN ") && blocks.length === 0
    ? blockReasons.inline
    : "there is no BEGIN CERTIFICATE line in it";
}
