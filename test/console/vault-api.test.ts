import { execFileSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFileSync, renameSync, symlinkSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Item, Items } from "../../src/admin/api/shapes/item.ts";
import type { Kinds } from "../../src/admin/api/shapes/kind.ts";
import { kindNames } from "../../src/vault/item.ts";
import { canaries, formsOf } from "../support/canaries.ts";
import { eventually } from "../support/eventually.ts";
import { bearer, put } from "../support/gateway.ts";
import { Folder } from "../support/folder.ts";
import { makePki, pemOf, type Pki } from "../support/pki.ts";
import { Openssl } from "../vault/openssl.ts";
import { pkcs12 } from "../vault/pkcs12-files.ts";
import { type ApiAnswer, Console, faultIn } from "./support.ts";

const token = "canary-first-3c5e7a9b1d2f4068";
const other = "canary-other-8b6d4f2a0c1e3957";

let it: Console;
let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
beforeEach(async () => {
  it = await Console.start({ items: { tok: bearer(token) } });
  return () => it[Symbol.asyncDispose]();
});

const listed = async (): Promise<readonly Item[]> => ((await it.api("GET", "/items")).json as Items).items;
const named = async (name: string): Promise<Item | undefined> =>
  (await listed()).find((item) => item.name === name);
const item = (answer: ApiAnswer): Item => answer.json as Item;
const fault = (answer: ApiAnswer) => {
  const { code, param } = faultIn(answer);
  return { status: answer.status, code, param };
};
const file = (name: string, content: string | Buffer) => ({
  file: name,
  base64: Buffer.from(content).toString("base64"),
});
const add = (name: string, kind: string, values: object): Promise<ApiAnswer> =>
  it.api("POST", "/items", { how: "existing", kind, name, values });
const generate = (name: string, kind: string, choices: object = {}): Promise<ApiAnswer> =>
  it.api("POST", "/items", { how: "generate", kind, name, choices });
const records = (): readonly Record<string, unknown>[] =>
  readFileSync(it.gateway.folder.file("audit.log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ command }) => command === "console");

describe("the kinds", () => {
  test("say what a form needs, in the menu's order, and nothing that names files or commands", async () => {
    const { kinds } = (await it.api("GET", "/kinds")).json as Kinds;
    expect(kinds.map(({ name }) => name)).toEqual(kindNames);
    expect(kinds.find(({ name }) => name === "bearer-token")).toMatchObject({
      title: "Bearer Token",
      plural: "Bearer Tokens",
      generates: true,
      requests: false,
      fields: [{ name: "value", label: "Bearer Token", secret: true, required: true }],
      downloads: [{ part: "file", secret: true }],
    });
    expect(kinds.find(({ name }) => name === "certificate")).toMatchObject({
      requests: true,
      fields: [{ name: "pem", binary: true }, { name: "key" }, { name: "passphrase" }],
      choices: [{ name: "key-type" }, { name: "days" }, { name: "common-name" }],
      request: [{ name: "key-type" }, { name: "subject" }, { name: "san" }],
      downloads: [{ part: "file", secret: true }, { part: "public", secret: false }, { part: "ca" }],
    });
    expect(JSON.stringify(kinds)).not.toContain("source-");
  });
});

describe("items", () => {
  test("of each kind are added, listed masked, shown, and removed, with no secret in any answer or log", async () => {
    const before = it.gateway.vault.generation;
    const said: string[] = [];
    const all = canaries(pki);
    for (const [kind, { value, facts }] of Object.entries(all)) {
      const { kinds } = (await it.api("GET", "/kinds")).json as Kinds;
      const main = kinds.find(({ name }) => name === kind)?.fields.find(({ secret }) => secret)?.name ?? "";
      const added = await add(`a-${kind}`, kind, { ...facts, [main]: file("secret.pem", value) });
      expect(added.status, added.text).toBe(201);
      const shown = await it.api("GET", `/items/a-${kind}`);
      said.push(added.text, shown.text, (await it.api("GET", "/items")).text);
    }
    expect((await it.api("GET", "/items")).json).toMatchObject({ generation: expect.any(Number) });
    expect(((await it.api("GET", "/items")).json as Items).generation).toBeGreaterThan(before);
    expect((await named("a-bearer-token"))?.mask).toBe("cana********");
    expect((await named("a-certificate"))?.mask).toBe("********");
    for (const kind of Object.keys(all)) {
      const removed = await it.api("DELETE", `/items/a-${kind}`);
      expect(removed.json).toEqual({ name: `a-${kind}`, kind, endpoints: [] });
      said.push(removed.text);
    }
    expect(await listed()).toHaveLength(1);
    const everything = [...said, it.gateway.log.text, JSON.stringify(records())].join("\n");
    for (const secret of Object.values(all).flatMap(({ secrets }) => secrets))
      for (const form of formsOf(secret)) expect(everything.includes(form)).toBe(false);
  });

  test("are made anew where the kind can, and say so where it cannot", async () => {
    for (const kind of ["serverless-api-key", "bearer-token", "certificate", "ssh-key"])
      expect((await generate(`new-${kind}`, kind)).status).toBe(201);
    expect(await named("new-certificate")).toMatchObject({
      renewable: true,
      waits: false,
      expiry: "later",
      downloads: ["file", "public", "ca"],
      facts: { subject: "CN=client.new-certificate.user.centml.ai", keyType: "P-384" },
    });
    const days = { "key-type": "Ed25519", days: "20" };
    expect(item(await generate("short", "certificate", days))).toMatchObject({
      expiry: "soon",
      facts: { keyType: "Ed25519" },
    });
    expect(fault(await generate("x", "hugging-face-token"))).toMatchObject({
      status: 400,
      code: "parameter_invalid",
    });
    expect(fault(await generate("x", "certificate", { days: "ever" }))).toEqual({
      status: 400,
      code: "field_invalid",
      param: "days",
    });
  });

  test("keep what is wrong with them beside the field at fault", async () => {
    const foreign = pemOf(pki.foreign);
    const cases: readonly (readonly [string, object, string, string])[] = [
      ["bearer-token", { value: "Bearer abc" }, "value_invalid", "value"],
      ["bearer-token", {}, "value_invalid", "value"],
      ["environment-variable", { variable: "1 2", value: "x" }, "field_invalid", "variable"],
      ["registry-credentials", { registry: "a b", password: "x" }, "field_invalid", "registry"],
      ["registry-credentials", { registry: "r.test", password: "x" }, "field_invalid", "username"],
      ["certificate", { pem: "hello" }, "certificate_unreadable", "pem"],
      ["certificate", { pem: file("c.pem", pki.client.certificate) }, "certificate_without_key", "pem"],
      [
        "certificate",
        { pem: pki.client.certificate, key: pki.foreign.key.expose() },
        "certificate_key_mismatch",
        "key",
      ],
      ["certificate", { pem: pki.client.certificate, key: "no key" }, "key_unreadable", "key"],
      ["certificate", { pem: pemOf(pki.expired) }, "certificate_expired", "pem"],
      ["ssh-key", { key: "ssh-ed25519 AAAA" }, "key_unreadable", "key"],
    ];
    for (const [kind, values, code, param] of cases)
      expect(fault(await add("bad", kind, values)), code).toMatchObject({ code, param });
    expect(fault(await add("tok", "certificate", { pem: foreign }))).toEqual({
      status: 409,
      code: "item_exists",
      param: "name",
    });
    expect(fault(await add("-x", "bearer-token", { value: "abc" }))).toMatchObject({
      code: "item_name_invalid",
      param: "name",
    });
    expect(fault(await it.api("GET", "/items/none"))).toMatchObject({ status: 404, code: "item_unknown" });
    expect(await listed()).toHaveLength(1);
    expect(JSON.stringify(records())).not.toContain("Bearer abc");
  });

  test("that are refused leave no part of what was given in the answer, the log or the record", async () => {
    const all = canaries(pki);
    const said: string[] = [];
    for (const { value, secrets } of Object.values(all))
      for (const [kind, field] of [
        ["bearer-token", "value"],
        ["certificate", "pem"],
        ["ssh-key", "key"],
        ["registry-credentials", "password"],
      ] as const) {
        const broken = `${value.slice(0, -9)} ${secrets.join(" ")}`;
        const answer = await add("broken", kind, { [field]: file("broken", broken) });
        if (answer.status === 201) await it.api("DELETE", "/items/broken");
        said.push(answer.text);
      }
    said.push(it.gateway.log.text, JSON.stringify(records()));
    const everything = said.join("\n");
    for (const secret of Object.values(all).flatMap(({ secrets }) => secrets))
      expect(everything.includes(secret), secret.slice(0, 6)).toBe(false);
  });

  test.each([
    ["source-command", "touch made"],
    ["source-file", "/etc/hostname"],
    ["ttl", "5m"],
  ])("never come from %s: that is the command line's", async (field, value) => {
    expect(fault(await add("live", "bearer-token", { [field]: value }))).toMatchObject({
      status: 400,
      code: "parameter_invalid",
    });
    expect(await listed()).toHaveLength(1);
  });

  test("from binary files are taken, and a passphrase is asked for where the file needs one", async () => {
    using openssl = new Openssl();
    const pair = openssl.selfSigned("client.test", openssl.key("P-384"));
    const p12 = file("client.p12", pkcs12(openssl, pair, "open sesame"));
    expect(fault(await add("bin", "certificate", { pem: p12 }))).toMatchObject({
      code: "key_encrypted",
      param: "passphrase",
    });
    expect(fault(await add("bin", "certificate", { pem: p12, passphrase: "wrong" }))).toMatchObject({
      code: "passphrase_wrong",
      param: "passphrase",
    });
    const added = await add("bin", "certificate", { pem: p12, passphrase: "open sesame" });
    expect(item(added).facts["subject"]).toBe("CN=client.test");
  });

  test("whose passphrase takes seconds to try do not stop the process meanwhile", async () => {
    using folder = new Folder();
    const path = folder.file("id");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-a", "64", "-N", "slow one", "-f", path]);
    const key = file("id", readFileSync(path));
    let beats = 0;
    const beat = setInterval(() => (beats += 1), 5);
    const added = await add("slow", "ssh-key", { key, passphrase: "slow one" });
    clearInterval(beat);
    expect(added.status, added.text).toBe(201);
    // The gateway runs in this very process: had it been held up, no more than a beat or two had come meanwhile.
    expect(beats).toBeGreaterThan(10);
  });

  test("however many come at once run in two threads, and those that find no place are refused and recorded", async () => {
    let threads = 0;
    let most = 0;
    const begun = (worker: Worker): void => {
      most = Math.max(most, (threads += 1));
      worker.once("exit", () => (threads -= 1));
    };
    // The gateway runs in this very process.
    process.on("worker", begun);
    const { privateKey } = generateKeyPairSync("ed25519");
    const key = file("id", privateKey.export({ type: "pkcs8", format: "pem" }));
    const names = Array.from({ length: 40 }, (_, number) => `many-${number}`);
    const answers = await Promise.all(names.map((name) => add(name, "ssh-key", { key })));
    process.off("worker", begun);
    expect(most).toBe(2);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused)
      expect(faultIn(answer)).toMatchObject({
        code: "imports_exhausted",
        message: "18 imports are being opened or wait for their turn already, as many as may",
      });
    expect(await listed()).toHaveLength(1 + answers.length - refused.length);
    expect(records().filter(({ error }) => error === "imports_exhausted")).toHaveLength(refused.length);
    expect((await add("later", "ssh-key", { key })).status).toBe(201);
  });
});

describe("an item whose value comes from a file of its owner's", () => {
  test("says so in place of a mask, and is asked when it is shown", async () => {
    const source = it.gateway.folder.write("token.txt", "canary-live-0a1b2c3d4e5f\n");
    await put(it.gateway.vault, "live", {
      kind: "bearer-token",
      value: "",
      facts: { "source-file": source },
    });
    const shown = item(
      await eventually(async () => {
        const answer = await it.api("GET", "/items/live");
        if (answer.status !== 200) throw new Error("not there yet");
        return answer;
      }),
    );
    expect(shown).toMatchObject({ source: `file ${source}`, renewable: false, downloads: ["file"] });
    expect(shown.mask).toBe(`from the file ${source}`);
    expect((await it.api("POST", "/items/live/reveal")).json).toEqual({ value: "canary-live-0a1b2c3d4e5f" });
    it.gateway.folder.write("token.txt", "two words\n");
    const refused = await it.api("POST", "/items/live/reveal");
    expect(fault(refused)).toMatchObject({ status: 503, code: "credential_unavailable" });
    expect(refused.text).not.toContain("two words");
  });
});

describe("what is handed out", () => {
  test("is the secret, is not kept by any cache, and is recorded before", async () => {
    const revealed = await it.api("POST", "/items/tok/reveal");
    expect(revealed.json).toEqual({ value: token });
    expect(revealed.headers.get("cache-control")).toContain("no-store");
    const downloaded = await it.api("POST", "/items/tok/download", {});
    expect(downloaded.text).toBe(`${token}\n`);
    expect(downloaded.headers.get("content-disposition")).toBe('attachment; filename="tok.txt"');
    expect(downloaded.headers.get("cache-control")).toContain("no-store");
    await it.api("GET", "/items/tok");
    await it.api("POST", "/items/none/reveal");
    expect(records().map(({ action, item, error }) => [action, item, error])).toEqual([
      ["reveal", "tok", undefined],
      ["download", "tok", undefined],
      ["show", "tok", undefined],
      ["reveal", "none", "item_unknown"],
    ]);
  });

  test("of a generated certificate are a usable .pem, the certificate alone, and its CA", async () => {
    await generate("gen-cert", "certificate");
    const part = async (part: string) => it.api("POST", "/items/gen-cert/download", { part });
    const whole = await part("file");
    expect(whole.headers.get("content-disposition")).toBe('attachment; filename="gen-cert.pem"');
    expect(whole.text).toMatch(/^-----BEGIN PRIVATE KEY-----[^]+-----BEGIN CERTIFICATE-----/);
    const leaf = new X509Certificate(whole.text);
    const ca = new X509Certificate((await part("ca")).text);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect((await part("public")).text).not.toContain("PRIVATE");
    expect(fault(await part("soul"))).toMatchObject({ status: 400, code: "parameter_invalid" });
  });

  test("of an SSH key is its public half, unless the private one is asked for", async () => {
    await generate("ssh", "ssh-key");
    expect(item(await it.api("GET", "/items/ssh")).downloads).toEqual(["file", "private"]);
    expect((await it.api("POST", "/items/ssh/download", {})).text).toMatch(/^ssh-ed25519 /);
    expect((await it.api("POST", "/items/ssh/download", { part: "private" })).text).toMatch(
      /^-----BEGIN OPENSSH PRIVATE KEY-----/,
    );
  });

  test("is nothing for whoever has no token", async () => {
    for (const path of ["/items/tok/reveal", "/items/tok/download"]) {
      const answer = await fetch(`${it.url}/api/v1${path}`, { method: "POST" });
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain(token);
    }
    expect(() => records()).toThrow();
  });
});

describe("a rotation", () => {
  test("to a given value keeps the old one for its grace, and goes back", async () => {
    const rotated = item(
      await it.api("POST", "/items/tok/rotate", { how: "existing", grace: "2h", values: { value: other } }),
    );
    expect(new Date(rotated.previousUntil ?? 0).getTime()).toBeGreaterThan(Date.now() + 3_600_000);
    expect((await it.api("POST", "/items/tok/reveal")).json).toEqual({ value: other });
    expect((await it.api("POST", "/items/tok/rotate/back")).status).toBe(200);
    expect((await it.api("POST", "/items/tok/reveal")).json).toEqual({ value: token });
    expect(records().map(({ action }) => action)).toEqual(["rotate", "reveal", "bring-back", "reveal"]);
  });

  test("to a generated value needs nothing, and keeps a certificate's CA", async () => {
    await generate("gen-cert", "certificate", { "key-type": "P-256" });
    const before = item(await it.api("GET", "/items/gen-cert"));
    const after = item(await it.api("POST", "/items/gen-cert/rotate", { how: "generate" }));
    expect(after.facts["serial"]).not.toBe(before.facts["serial"]);
    expect(after.facts["ca"]).toBe(before.facts["ca"]);
    expect(after.facts["keyType"]).toBe("P-256");
  });

  test("says what is wrong with it", async () => {
    await add("hf", "hugging-face-token", { value: "hf_abcdefghijklmnop" });
    const rotate = (name: string, body: object) => it.api("POST", `/items/${name}/rotate`, body);
    expect((await named("hf"))?.renewable).toBe(false);
    expect(fault(await rotate("hf", { how: "generate" }))).toMatchObject({
      status: 409,
      code: "item_not_generated",
    });
    expect(fault(await rotate("tok", { how: "generate", grace: "soon" }))).toMatchObject({
      status: 400,
      code: "parameter_invalid",
      param: "grace",
    });
    expect(fault(await rotate("tok", { how: "existing", values: { value: "a b" } }))).toMatchObject({
      code: "value_invalid",
      param: "value",
    });
    expect((await rotate("tok", { how: "generate", grace: "0" })).status).toBe(200);
    expect(fault(await it.api("POST", "/items/tok/rotate/back"))).toMatchObject({
      status: 409,
      code: "item_without_previous",
    });
  });
});

describe("a certificate by request", () => {
  test("gives its request, and is complete with the answer to it alone", async () => {
    using openssl = new Openssl();
    const authority = openssl.selfSigned("ca.test", openssl.key("P-256"));
    const choices = { subject: "CN=asked, O=Example", san: "asked.test" };
    const asked = await it.api("POST", "/items", {
      how: "request",
      kind: "certificate",
      name: "asked",
      choices,
    });
    expect(item(asked)).toMatchObject({ waits: true, renewable: false, downloads: [] });
    const request = await it.api("GET", "/items/asked/request");
    expect(request.headers.get("content-disposition")).toBe('attachment; filename="asked.csr"');
    const signed = (text: string): string => {
      const out = openssl.folder.file("signed.crt");
      const signer = ["-CA", openssl.file(authority.certificate), "-CAkey", openssl.file(authority.key)];
      openssl.run(["x509", "-req", ...signer, "-days", "30", "-out", out], text);
      return readFileSync(out, "utf8");
    };
    const complete = (pem: string) => it.api("POST", "/items/asked/complete", { values: { pem } });
    expect(fault(await complete(authority.certificate))).toMatchObject({
      status: 400,
      code: "certificate_not_requested",
      param: "pem",
    });
    const done = item(await complete(signed(request.text)));
    expect(done).toMatchObject({ waits: false, downloads: ["file", "public"] });
    expect(done.facts["subject"]).toContain("CN=asked");
    expect(fault(await complete(authority.certificate))).toMatchObject({
      status: 409,
      code: "item_not_waiting",
    });
    expect(fault(await it.api("GET", "/items/asked/request"))).toMatchObject({ code: "item_not_waiting" });
    expect(
      fault(await it.api("POST", "/items", { how: "request", kind: "ssh-key", name: "x" })),
    ).toMatchObject({
      code: "parameter_invalid",
    });
  });
});

describe.each([1, 2])("an item that an endpoint uses, with %i workers", (workers) => {
  let used: Console;
  beforeAll(async () => {
    used = await Console.start({ sandbox: ["bearer-token"], settings: { workers } });
  });
  afterAll(() => used[Symbol.asyncDispose]());
  const chat = async (): Promise<number> =>
    (await used.gateway.ask({ method: "GET", target: "/private/v1/models" })).status;

  test("keeps its name where postern.yaml cannot be written, and the way by hand is said", async () => {
    const { file, folder } = used.gateway;
    // Beside a name of this length there is none for a temporary file; a folder's mode would not stop root.
    const long = folder.file("n".repeat(250));
    renameSync(file, long);
    symlinkSync(long, file);
    const before = await used.api("GET", "/items/private-token");
    const refused = faultIn(
      await used.api("PATCH", "/items/private-token", { name: "fresh", endpoints: true }),
    );
    renameSync(long, file);
    expect([refused.code, refused.hint]).toEqual([
      "config_unwritable",
      'add it as "fresh" too, name that where the file comes from, then remove "private-token"',
    ]);
    expect((await used.api("GET", "/items/private-token")).text).toBe(before.text);
    expect((await used.api("GET", "/items/fresh")).status).toBe(404);
  });

  test("is renamed in postern.yaml too, and requests never lack it", async () => {
    const file = used.gateway.file;
    expect(await chat()).toBe(200);
    const refused = await used.api("PATCH", "/items/private-token", { name: "fresh" });
    expect(fault(refused)).toMatchObject({ status: 409, code: "item_in_use" });
    const over = new AbortController();
    const asking = (async () => {
      const seen = new Set<number>();
      while (!over.signal.aborted) seen.add(await chat());
      return seen;
    })();
    const renamed = await used.api("PATCH", "/items/private-token", { name: "fresh", endpoints: true });
    expect(renamed.json).toMatchObject({ name: "fresh", endpoints: ["private"] });
    expect(await chat()).toBe(200);
    over.abort();
    expect([...(await asking)]).toEqual([200]);
    expect(readFileSync(file, "utf8")).toContain("fresh");
    expect(((await used.api("GET", "/items")).json as Items).items.map(({ name }) => name)).toEqual([
      "fresh",
    ]);
    expect(fault(await used.api("PATCH", "/items/fresh", { name: "a b", endpoints: true }))).toMatchObject({
      code: "item_name_invalid",
      param: "name",
    });
    expect(readFileSync(file, "utf8")).toContain("fresh");
  });

  test("is removed only if that is meant", async () => {
    const refused = await used.api("DELETE", "/items/fresh");
    expect(fault(refused)).toMatchObject({ status: 409, code: "item_in_use" });
    expect(faultIn(refused).message).toContain("private");
    expect((await used.api("DELETE", "/items/fresh?anyway=true")).json).toMatchObject({
      endpoints: ["private"],
    });
  });
});
