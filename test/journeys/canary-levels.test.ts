import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createVault } from "../../src/vault/vault.ts";
import { hashOf, makeKeys } from "../gateway/local-keys.ts";
import { canaries, type Canary, formsOf } from "../support/canaries.ts";
import { ask, type Ask } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { put, textOf } from "../support/gateway.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { postern, readyLine } from "../support/process.ts";
import { header } from "../support/shared-model.ts";
import { type Exchange, startUpstream, type Upstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";

// An endpoint that repeats the credentials it was sent: what it says goes to the client as it is, and nowhere else.

const folder = new Folder();
const local = makeKeys("app");
let pki: Pki;
let upstream: Upstream;
let sent: readonly Canary[];
let forms: readonly string[];

beforeAll(async () => {
  pki = await makePki();
  upstream = await startUpstream(demanding(pki, { rejectUnauthorized: false }));
  upstream.answer = answer;
  folder.write("server-ca.pem", pki.serverCa.certificate);
  const places = { file: folder.file("vault.age"), identity: folder.file("identity.txt") };
  const vault = await createVault(places);
  const all = canaries(pki);
  for (const { kind, value, facts } of Object.values(all))
    await put(vault, `my-${kind}`, { kind, value, facts });
  sent = [all["bearer-token"], all["serverless-api-key"], all["hugging-face-token"]];
  forms = [local.app, ...Object.values(all).flatMap(({ secrets }) => secrets)].flatMap(formsOf);
});
afterAll(async () => {
  await upstream.stop();
  folder[Symbol.dispose]();
});

const echoOf = ({ head }: Exchange): string => valuesOf(head, "authorization").join();

/** Answers by the last part of the path; `echo` alone is an answer that repeats a credential. */
const answers: Readonly<Record<string, (exchange: Exchange) => Promise<void>>> = {
  echo: (exchange) => exchange.json({ error: { message: echoOf(exchange) } }, `401 ${echoOf(exchange)}`),
  embeddings: (exchange) => exchange.json({ data: [], usage: { prompt_tokens: 3, total_tokens: 3 } }),
  completions: (exchange) => exchange.json({ busy: true }, "503 Service Unavailable"),
  garbage: (exchange) => exchange.write(`${echoOf(exchange)}\r\n\r\n`),
  "bad-header": (exchange) => exchange.write(`HTTP/1.1 200 OK\r\n${echoOf(exchange)}\r\n\r\n`),
  "bad-length": (exchange) =>
    exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${echoOf(exchange)}\r\n\r\n`),
  "bad-chunk": (exchange) =>
    exchange.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${echoOf(exchange)}\r\n`),
};

async function answer(exchange: Exchange): Promise<void> {
  await exchange.body;
  const name = exchange.target.split("/").at(-1) ?? "";
  await (answers[name]?.(exchange) ?? exchange.json({ ok: true }));
}

const headers = ["Content-Type: application/json", `Authorization: Bearer ${local.app}`];
const posts = (target: string, body: string): Ask => ({ target, headers, body });
const strange = Object.keys(answers).filter((name) => name !== "echo" && name !== "completions");
const asks: readonly Ask[] = ["private", "shared", "hub"].flatMap((endpoint) =>
  strange
    .map((name) => posts(`/${endpoint}/v1/${name}`, '{"model":"m","input":"x"}'))
    .concat(
      posts("/v1/chat/completions", '{"model":"m","seed":1}'),
      { target: `/${endpoint}/v1/x` },
      { target: `/${endpoint}/v1/x`, headers: [`x-api-key: ${local.app}x`] },
      posts("/v1/chat/completions", JSON.stringify({ model: "unknown" })),
    ),
);

/** Keys where they do not belong. The answer repeats what stands there to whoever sent it, and nothing else may. */
const misplaced: readonly Ask[] = [
  { target: "/private/v1/x", headers: [...headers, `Host: ${local.app}`] },
  { target: `/${local.app}/v1/x`, headers },
  { target: `/private/v1/x?key=${local.app}`, headers },
  { target: "/private/v1/x", headers: [...headers, `Origin: ${local.app}`] },
  posts("/v1/chat/completions", JSON.stringify({ model: local.app })),
];

describe.each(["error", "warn", "info", "debug"])("a gateway whose log level is %s", (level) => {
  test("shows no secret in logs, errors, headers, cached answers, metrics, states, its record, or to other processes", async () => {
    const endpoint = (type: string, ...items: string[]) => ({
      url: `${upstream.origin}/v1`,
      ca: "server-ca.pem",
      type,
      credentials: items.map((item) => `my-${item}`),
      models: ["m"],
      cache: {},
    });
    const config = folder.write(
      "postern.yaml",
      textOf({
        log: { level },
        keys: { app: { hash: hashOf(local.app) } },
        audit: { to: "file:audit.log" },
        endpoints: {
          private: endpoint("dedicated", "certificate", "bearer-token"),
          shared: endpoint("serverless", "serverless-api-key"),
          hub: endpoint("hugging-face", "hugging-face-token"),
        },
      }),
    );
    await using serving = postern(["serve", "--config", config], { cwd: folder.path });
    const ready = await readyLine(serving);
    const [base = ""] = ready.listen;
    const seen: Record<string, string> = {};
    const note = async (where: string, to: string, what: Ask): Promise<string | undefined> => {
      const given = await ask(to, what).catch((error: unknown) => String(error));
      seen[where] = typeof given === "string" ? given : JSON.stringify({ ...given, body: given.text });
      return typeof given === "string" ? undefined : header(given, "x-postern-cache");
    };

    for (const what of misplaced) await ask(base, what);
    upstream.exchanges = [];
    for (const [number, what] of asks.entries()) await note(`answer ${number} to ${what.target}`, base, what);
    const again = posts("/private/v1/embeddings", '{"model":"m","input":"x"}');
    expect(await note("a cached answer", base, again)).toBe("hit");
    for (const endpoint of ["private", "shared", "hub"]) {
      const { text } = await ask(base, { target: `/${endpoint}/v1/echo`, headers });
      // The canaries do reach the endpoint, and its answer passes untouched: there the search finds them.
      expect(
        forms.some((form) => text.includes(form)),
        endpoint,
      ).toBe(true);
    }
    const reached = JSON.stringify(upstream.exchanges.map(({ head }) => head));
    for (const { value } of sent) expect(reached).toContain(value);
    expect(reached).not.toContain(local.app);

    for (const target of ["/healthz", "/readyz", "/metrics", "/", "/nosuch"])
      await note(`admin ${target}`, ready.admin, { target });
    for (const part of ["cmdline", "environ"])
      seen[part] = readFileSync(`/proc/${serving.pid}/${part}`, "latin1");
    const { status, stdout, stderr } = await serving.stop();
    expect(status).toBe(0);
    Object.assign(seen, { stdout, log: stderr, record: readFileSync(folder.file("audit.log"), "utf8") });
    if (level === "debug" || level === "info") expect(stderr.split("\n").length).toBeGreaterThan(asks.length);
    const leaks = Object.keys(seen).filter((where) => forms.some((form) => seen[where]?.includes(form)));
    expect(leaks).toEqual([]);
  });
});
