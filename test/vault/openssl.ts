import { readFileSync } from "node:fs";
import { Folder } from "../support/folder.ts";
import { tool } from "./desk.ts";

/** Options of `openssl genpkey` for each type of key. */
const types = {
  "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "RSA-3072": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
  "RSA-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  "P-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
  secp256k1: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
  "RSA-1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
  "RSA-PSS-2048": ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
  Ed25519: ["-algorithm", "ED25519"],
  Ed448: ["-algorithm", "ED448"],
} as const;
export type KeyType = keyof typeof types;

/** PEM texts as openssl wrote them. */
export interface Pair {
  readonly certificate: string;
  /** PKCS#8. */
  readonly key: string;
}

/** A folder of certificates that openssl, and no code of ours, makes. */
export class Openssl implements Disposable {
  readonly folder = new Folder();
  #count = 0;

  /** Runs `openssl`, with `input` on its standard input. */
  run(args: readonly string[], input = ""): string {
    return tool("openssl", args, { input, cwd: this.folder.path });
  }

  /** The same certificate or key in DER. */
  der(pem: string): Buffer {
    const out = this.file("");
    this.run([pem.includes("CERTIFICATE") ? "x509" : "pkey", "-outform", "DER", "-out", out], pem);
    return readFileSync(out);
  }

  /** A file with this content, for an argument. */
  file(content: string | Buffer): string {
    this.#count += 1;
    return this.folder.write(`${this.#count}.txt`, content);
  }

  key(type: KeyType): string {
    return this.run(["genpkey", ...types[type]]);
  }

  selfSigned(name: string, key: string): Pair {
    const args = ["req", "-x509", "-new", "-key", this.file(key), "-subj", `/CN=${name}`, "-days", "30"];
    return { key, certificate: this.run(args) };
  }

  /** `dates` are `notBefore` and `notAfter` as X.509 writes them, such as 20200101000000Z. */
  signed(
    name: string,
    key: string,
    authority: Pair,
    o: { ca?: boolean; dates?: readonly [string, string] } = {},
  ): Pair {
    const request = this.run(["req", "-new", "-key", this.file(key), "-subj", `/CN=${name}`]);
    const out = this.folder.file(`${(this.#count += 1)}.crt`);
    if (o.dates !== undefined) this.#dated(request, authority, o.dates, out);
    else {
      const extensions = this.file(
        o.ca === true ? "basicConstraints=critical,CA:TRUE" : "basicConstraints=CA:FALSE",
      );
      const signer = ["-CA", this.file(authority.certificate), "-CAkey", this.file(authority.key)];
      this.run(["x509", "-req", ...signer, "-days", "30", "-extfile", extensions, "-out", out], request);
    }
    return { key, certificate: readFileSync(out, "utf8") };
  }

  /** Only `openssl ca` of this age takes dates; it wants a small folder of its own. */
  #dated(request: string, authority: Pair, [from, to]: readonly [string, string], out: string): void {
    const settings = this.file(
      [
        "[ca]",
        "default_ca=c",
        "[c]",
        `database=${this.file("")}`,
        "rand_serial=yes",
        "default_md=sha384",
        "policy=p",
        "unique_subject=no",
        `new_certs_dir=${this.folder.path}`,
        "[p]",
        "commonName=supplied",
        "",
      ].join("\n"),
    );
    const validity = ["-startdate", from, "-enddate", to];
    const signer = ["-cert", this.file(authority.certificate), "-keyfile", this.file(authority.key)];
    const files = ["-in", this.file(request), "-out", out];
    this.run(["ca", "-batch", "-notext", "-config", settings, ...validity, ...signer, ...files]);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}
