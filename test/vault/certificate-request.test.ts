import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { Desk } from "./desk.ts";
import { Openssl } from "./openssl.ts";

const openssl = new Openssl();
afterAll(() => openssl[Symbol.dispose]());
const ca = openssl.selfSigned("ca.test", openssl.key("P-384"));
const middle = openssl.signed("middle.test", openssl.key("P-384"), ca, { ca: true });

/** What a CA makes of a request. */
function sign(request: string): string {
  const signer = ["-CA", openssl.file(middle.certificate), "-CAkey", openssl.file(middle.key)];
  return openssl.run(["x509", "-req", ...signer, "-days", "30", "-copy_extensions", "copyall"], request);
}

const requested = async (desk: Desk, ...options: readonly string[]): Promise<string> => {
  const said = await desk.vault(["request", "gen-cert", ...options]);
  expect(said).toMatchObject({ status: 0, stderr: "" });
  return said.stdout;
};

describe.each(["P-384", "P-256", "RSA-3072", "Ed25519"])("with a key of %s", (type) => {
  test("OpenSSL verifies the request, a CA signs it, and the certificate completes the item", async () => {
    using desk = await Desk.make();
    const request = await requested(
      desk,
      "--key-type",
      type.toLowerCase(),
      "--subject",
      "CN=me, O=Example, C=CH",
    );
    expect(openssl.run(["req", "-verify", "-noout", "-subject"], request)).toBe(
      "subject=CN = me, O = Example, C = CH\n",
    );
    const before = (await desk.open()).get("gen-cert");
    const signed = openssl.file(ca.certificate + middle.certificate + sign(request));
    const said = await desk.vault(["add", "certificate", "gen-cert", "--pem", signed]);
    expect(said).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^"gen-cert" is complete \(expires /),
    });
    const { facts, secrets, created, expires } = (await desk.open()).get("gen-cert");
    expect(secrets["key"]?.expose()).toBe(before.secrets["key"]?.expose());
    expect(created).toEqual(before.created);
    expect(expires).toEqual(new X509Certificate(facts["certificate"] ?? "").validToDate);
    expect(facts).toMatchObject({ subject: "CN=me, O=Example, C=CH", keyType: type });
    expect(facts).not.toHaveProperty("request");
    expect(new X509Certificate(facts["ca"] ?? "").subject).toBe("CN=ca.test");
    expect(facts["certificate"]?.match(/BEGIN CERT/g)).toHaveLength(3);
    expect(await desk.postern(["check"])).toMatchObject({ status: 0 });
  });
});

test("the names are told apart by their looks, and OpenSSL reads them", async () => {
  using desk = await Desk.make();
  const names = [
    "gen-cert.example",
    "*.example",
    "10.0.0.1",
    "fe80::1",
    "me@example.test",
    "spiffe://example.test/me",
  ];
  const request = await requested(desk, ...names.flatMap((name) => ["--san", name]));
  const text = openssl.run(["req", "-noout", "-text"], request);
  expect(text).toContain(
    "DNS:gen-cert.example, DNS:*.example, IP Address:10.0.0.1, IP Address:FE80:0:0:0:0:0:0:1, email:me@example.test, URI:spiffe://example.test/me",
  );
  expect(text).toContain("TLS Web Client Authentication");
});

describe("until it is signed", () => {
  test("the list, its page, check, doctor, the download and an endpoint say so, with the way out", async () => {
    using desk = await Desk.make();
    await requested(desk);
    const way = "postern vault add certificate gen-cert --pem FILE";
    expect((await desk.vault(["list"])).stdout).toMatch(/gen-cert .* not signed yet$/m);
    expect(JSON.parse((await desk.vault(["list", "--json"])).stdout)).toMatchObject([{ waits: true }]);
    expect((await desk.vault(["show", "gen-cert"])).stdout).toContain(way);
    for (const part of [[], ["--public"], ["--ca"]])
      expect(await desk.vault(["download", "gen-cert", ...part])).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(way),
      });
    // The endpoint of this configuration names it.
    for (const command of ["check", "doctor"]) {
      const { status, stdout } = await desk.postern([command, "--json"]);
      expect(status).toBe(1);
      expect(JSON.parse(stdout).findings).toContainEqual(
        expect.objectContaining({
          level: "problem",
          subject: "endpoint private-2",
          code: "certificate_waiting",
          wayOut: expect.stringContaining(way),
        }),
      );
    }
    desk.configure("another");
    const { stdout } = await desk.postern(["check", "--json"]);
    expect(JSON.parse(stdout).findings).toContainEqual(
      expect.objectContaining({ level: "note", subject: "item gen-cert", code: "certificate_waiting" }),
    );
  });

  test("nothing that is printed holds its key", async () => {
    using desk = await Desk.make();
    const said = [await requested(desk), (await desk.vault(["show", "gen-cert", "--json"])).stdout];
    const key = (await desk.open()).get("gen-cert").secrets["key"]?.expose() ?? "";
    for (const line of key
      .split("\n")
      .filter((line) => line.length > 32)
      .slice(1))
      expect(said.join("")).not.toContain(line);
  });

  test("the request is printed again, and its file is written once", async () => {
    using desk = await Desk.make();
    const request = await requested(desk);
    expect(await requested(desk)).toBe(request);
    expect(await requested(desk, "--out", "gen-cert.csr")).toContain("gen-cert.csr");
    expect(readFileSync(desk.folder.file("gen-cert.csr"), "utf8")).toBe(request);
    expect(await desk.vault(["request", "gen-cert", "--out", "gen-cert.csr"])).toMatchObject({ status: 1 });
    expect(JSON.parse(await requested(desk, "--json"))).toMatchObject({
      name: "gen-cert",
      keyType: "P-384",
      request,
    });
  });

  test("an answer for another key is refused, and the item goes on waiting", async () => {
    using desk = await Desk.make();
    const request = await requested(desk);
    const before = desk.folder.contents();
    const add = (pem: string, ...more: readonly string[]) =>
      desk.vault(["add", "certificate", "gen-cert", "--pem", openssl.file(pem), ...more]);
    expect(await add(ca.certificate)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("CN=ca.test in "),
    });
    expect(await add(request)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("a request for one"),
    });
    expect(await add(sign(request), "--key", openssl.file(ca.key))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("is in the vault already"),
    });
    expect(await desk.vault(["add", "bearer-token", "gen-cert", "--generate"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("already (certificate)"),
    });
    expect(desk.folder.contents()).toEqual(before);
    expect(await add(sign(request))).toMatchObject({ status: 0 });
    expect(await add(sign(request))).toMatchObject({ status: 1, stderr: expect.stringContaining("already") });
  });
});

test.each([
  [["--subject", "CN=a, garbage"], 'it would be read as "CN=a"'],
  [["--subject", "foo=bar"], "has no name that is known"],
  [["--subject", "C=Switzerland"], "2 are the most"],
  [["--subject", "CN="], "its CN is empty"],
  [["--subject", `CN=${"n".repeat(65)}`], "64 are the most"],
  [["--subject", "n".repeat(65)], "64 are the most"],
  [["--subject", "CN=a\nO=b"], "control character"],
  [["--san", "b\u00fccher.example"], "outside ASCII"],
  [["--san", "a b"], "a blank"],
  [["--san", "a..b"], "no DNS name"],
  [["--key-type", "dsa"], "P-384, P-256, RSA-3072, Ed25519"],
])("%j is refused, and nothing is added or written", async (options, reason) => {
  using desk = await Desk.make();
  const before = desk.folder.contents();
  const said = await desk.vault(["request", "gen-cert", ...options, "--out", "gen-cert.csr"]);
  expect(said).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(reason) });
  expect(desk.folder.contents()).toEqual(before);
});

test("a request whose file cannot be written is not made", async () => {
  using desk = await Desk.make();
  const before = desk.folder.contents();
  expect(await desk.vault(["request", "gen-cert", "--out", "none/gen-cert.csr"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("there is no such folder"),
  });
  expect(desk.folder.contents()).toEqual(before);
});

test("what is given for a request that is there already is refused: it cannot be changed", async () => {
  using desk = await Desk.make();
  await requested(desk);
  expect(await desk.vault(["request", "gen-cert", "--san", "other.example"])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("--san cannot change it"),
  });
});
