import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import forge from "node-forge";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { certificate } from "../../src/vault/kinds/certificate.ts";
import { Desk } from "./desk.ts";
import { type KeyType, Openssl, type Pair } from "./openssl.ts";
import { pkcs12, withPbmac1 } from "./pkcs12-files.ts";

// Files as programs write them, each given to `postern vault add` as a person would.

const passphrase = "canary-passphrase \u00e9\u4e16";
const openssl = new Openssl();
let desk: Desk;

/** Every test of this file needs these. */
export function setUp(): void {
  beforeAll(async () => void (desk = await Desk.make()));
  afterAll(() => {
    desk[Symbol.dispose]();
    openssl[Symbol.dispose]();
  });
}

const root = openssl.selfSigned("root.test", openssl.key("P-384"));
const middle = openssl.signed("middle.test", openssl.key("P-256"), root, { ca: true });

/** The options of a file: what is given with which option. */
interface Given {
  readonly pem: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** The option for the first of them. */
  readonly as?: "p12";
}

const protect = (args: readonly string[], key: string): string =>
  openssl.run([...args, "-passout", `file:${openssl.file(`${passphrase}\n`)}`], key);
const text = "Bag Attributes\n    friendlyName: gen-cert: Zürich\nsubject=CN = client\n\n";

/** Each way of writing a pair that has a certificate of a deeper CA. */
function writings(pair: Pair, type: KeyType): Record<string, Given> {
  const { key, certificate } = pair;
  const chain = middle.certificate + root.certificate;
  const older = type.startsWith("Ed")
    ? undefined
    : openssl.run(type.startsWith("RSA") ? ["rsa", "-traditional"] : ["ec"], key);
  const encryptedOlder =
    older && protect([...(type.startsWith("RSA") ? ["rsa", "-traditional"] : ["ec"]), "-aes256"], key);
  const pkcs8 = protect(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"], key);
  const full = { ...pair, certificate: certificate + chain };
  const file = (options: readonly string[], words = passphrase): Buffer =>
    pkcs12(openssl, full, words, options);
  return {
    "key first, as the platform writes it": { pem: key + certificate },
    "chain upside down, Windows line ends, byte order mark": {
      pem: `\uFEFF${(root.certificate + middle.certificate + certificate + key).replaceAll("\n", "\r\n")}`,
    },
    "UTF-16, as PowerShell writes it": { pem: Buffer.from(`\uFEFF${key}${certificate}`, "utf16le") },
    "encrypted PKCS#8 after a text": { pem: text + certificate + chain + pkcs8, passphrase },
    "a bundle and its key in a file of its own, as step writes them": {
      pem: certificate + middle.certificate,
      key: encryptedOlder ?? pkcs8,
      passphrase,
    },
    "DER, certificate and key": { pem: openssl.der(certificate), key: openssl.der(key) },
    "DER certificate, PEM key": { pem: openssl.der(certificate), key },
    ...(older !== undefined && {
      "the older form of its key, old Mac line ends": {
        pem: (certificate + older).replaceAll("\n", "\r"),
      },
    }),
    "PKCS#12 of today": { pem: file([]), passphrase, as: "p12" },
    "PKCS#12 of old (RC2-40, 3DES)": { pem: file(["-legacy"]), passphrase, as: "p12" },
    "PKCS#12 of old (RC2-128, two-key 3DES)": {
      pem: file(["-legacy", "-certpbe", "PBE-SHA1-RC2-128", "-keypbe", "PBE-SHA1-2DES"]),
      passphrase,
    },
    "PKCS#12 as keytool writes it today": {
      pem: file(["-iter", "10000", "-macalg", "sha256", "-name", "mykey"]),
      passphrase,
    },
    "PKCS#12 as keytool wrote it": {
      pem: file(["-legacy", "-iter", "50000", "-macalg", "sha1", "-name", "mykey"]),
      passphrase,
    },
    "PKCS#12 without a MAC": { pem: file(["-nomac"]), passphrase, as: "p12" },
    "PKCS#12 with an empty passphrase": { pem: file([], ""), as: "p12" },
    "PKCS#12 with an empty passphrase, from an empty file": { pem: file([], ""), passphrase: "" },
    "PKCS#12 with an empty passphrase, and without a MAC": {
      pem: file(["-legacy", "-nomac"], ""),
      as: "p12",
    },
    "PKCS#12 with a MAC of SHA-512 and nothing encrypted": {
      pem: file(["-certpbe", "NONE", "-keypbe", "NONE", "-macalg", "sha512"]),
      passphrase,
    },
    "PKCS#12 with PBMAC1": { pem: withPbmac1(file(["-nomac"]), passphrase), passphrase },
    "PKCS#12 in PEM, as GnuTLS writes it": {
      pem: `-----BEGIN PKCS12-----\n${file([]).toString("base64").replaceAll(/.{64}/g, "$&\n")}\n-----END PKCS12-----\n`,
      passphrase,
    },
  };
}

async function add(name: string, given: Given): Promise<string> {
  const file = (content: string | Buffer): string => openssl.file(content);
  const said = await desk.vault([
    "add",
    "certificate",
    name,
    `--${given.as ?? "pem"}`,
    file(given.pem),
    ...(given.key === undefined ? [] : ["--key", file(given.key)]),
    ...(given.passphrase === undefined ? [] : ["--passphrase-file", file(`${given.passphrase}\n`)]),
  ]);
  expect(said).toMatchObject({ status: 0, stderr: "" });
  return said.stdout;
}

/** Shows the identity to a server that demands a certificate of the root; returns who the server says that it is. */
async function handshake(item: string): Promise<string | undefined> {
  const attached = certificate.attach?.((await desk.open()).get(item));
  if (attached === undefined || !("identity" in attached)) throw new Error("no identity");
  const { identity } = attached;
  const name = openssl.signed("localhost", openssl.key("P-256"), root);
  const server = createServer({
    cert: name.certificate,
    key: name.key,
    ca: root.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "secureConnection") as Promise<[TLSSocket]>;
  const socket = connect({
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    ca: root.certificate,
    checkServerIdentity: () => undefined,
    cert: identity.certificate,
    key: identity.key.expose(),
  });
  try {
    const [connection] = await Promise.race([
      accepted,
      once(server, "tlsClientError").then(([error]) => Promise.reject(error as Error)),
    ]);
    return String(connection.getPeerCertificate().subject.CN);
  } finally {
    socket.destroy();
    server.close();
  }
}

/** Each way of writing a pair of these types of key is taken, and works. */
export function takesEveryForm(types: readonly KeyType[]): void {
  describe.each(types)("a certificate for a key of %s", (type) => {
    const pair = openssl.signed(`client.${type}.test`, openssl.key(type), middle);

    test.each(Object.entries(writings(pair, type)))("is taken from %s", async (way, given) => {
      const name = `${type}-${way}`.replaceAll(/[^\w-]+/g, "-").slice(0, 60);
      await add(name, given);
      const { facts, secrets } = (await desk.open()).get(name);
      expect(facts["fingerprint"]).toBe(new X509Certificate(pair.certificate).fingerprint256);
      expect(secrets["key"]?.expose()).toBe(openssl.run(["pkcs8", "-topk8", "-nocrypt"], pair.key));
    });

    test("works in a handshake with client verification, chain and all, after coming by PKCS#12", async () => {
      await add(`${type}-used`, {
        pem: pkcs12(openssl, { ...pair, certificate: pair.certificate + middle.certificate }, passphrase, [
          "-legacy",
        ]),
        passphrase,
      });
      expect(await handshake(`${type}-used`)).toBe(`client.${type}.test`);
    });
  });
}

export function takesForgeFiles(): void {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const made = forge.pki.createCertificate();
  made.publicKey = keys.publicKey;
  made.serialNumber = "01";
  made.validity.notAfter = new Date(Date.now() + 86_400_000);
  made.setSubject([{ name: "commonName", value: "forge.test" }]);
  made.setIssuer([{ name: "commonName", value: "forge.test" }]);
  made.sign(keys.privateKey, forge.md.sha256.create());
  const pem = forge.pki.certificateToPem(made);
  const ascii = "canary-forge";
  const file = (algorithm: "3des" | "aes256", words: string | null = ascii): Buffer => {
    const asn1 = forge.pkcs12.toPkcs12Asn1(keys.privateKey, [made], words, { algorithm });
    return Buffer.from(forge.asn1.toDer(asn1).getBytes(), "latin1");
  };

  const files: Record<string, Given> = {
    "PEM, PKCS#1": { pem: pem + forge.pki.privateKeyToPem(keys.privateKey) },
    "PEM, encrypted PKCS#1": {
      pem:
        pem + forge.pki.encryptRsaPrivateKey(keys.privateKey, ascii, { legacy: true, algorithm: "aes256" }),
      passphrase: ascii,
    },
    "PEM, encrypted PKCS#8": {
      pem: pem + forge.pki.encryptRsaPrivateKey(keys.privateKey, ascii, { algorithm: "aes256" }),
      passphrase: ascii,
    },
    "PKCS#12 with 3DES": { pem: file("3des"), passphrase: ascii },
    "PKCS#12 with AES": { pem: file("aes256"), passphrase: ascii },
    "PKCS#12 with no passphrase, not even an empty one": { pem: file("3des", null) },
  };
  test.each(Object.entries(files))("node-forge's file is taken: %s", async (way, given) => {
    const name = `forge-${way}`.replaceAll(/[^\w-]+/g, "-");
    await add(name, given);
    expect((await desk.open()).get(name).facts["subject"]).toBe("CN=forge.test");
  });
}
