import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import type { KindName } from "../../src/vault/item.ts";
import { canaries, type Canary, formsOf } from "../support/canaries.ts";
import { ask, type Ask, connect } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { textOf } from "../support/gateway.ts";
import { freePort } from "../support/openssl-server.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { type Ended, postern, type Program, readyLine } from "../support/process.ts";
import { type Answering, startUpstream, type Upstream } from "../support/upstream.ts";

const folder = new Folder();
const config = folder.file("postern/postern.yaml");
/** Everything that was seen from outside, by where. */
const seen: { readonly where: string; readonly text: string }[] = [];
let pki: Pki;
let upstream: Upstream;
let all: Record<KindName, Canary>;
let forms: readonly string[];

beforeAll(async () => {
  pki = await makePki();
  upstream = await startUpstream(demanding(pki, { rejectUnauthorized: false }));
  all = canaries(pki);
  forms = Object.values(all).flatMap(({ secrets }) => secrets.flatMap(formsOf));
});
afterAll(async () => {
  await upstream.stop();
  folder[Symbol.dispose]();
});

/** Where a canary shows in what was seen. */
const leaks = (): readonly string[] =>
  seen.filter(({ text }) => forms.some((form) => text.includes(form))).map(({ where }) => where);

/** What everybody on the machine can read of a process and of those that it started. */
function look(pid: number, where: string): void {
  const children = (of: number): number[] => {
    try {
      const direct = readFileSync(`/proc/${of}/task/${of}/children`, "utf8")
        .trim()
        .split(" ")
        .filter(Boolean)
        .map(Number);
      return [of, ...direct.flatMap(children)];
    } catch {
      return [];
    }
  };
  for (const each of children(pid))
    for (const part of ["cmdline", "environ"])
      try {
        seen.push({ where: `${part} of ${where}`, text: readFileSync(`/proc/${each}/${part}`, "latin1") });
      } catch {
        // It has ended.
      }
}

/** Runs a command to its end, watching it from outside; what it writes is among what was seen unless it is asked to show. */
async function run(args: readonly string[], stdin = "", reveals = false): Promise<Ended> {
  const program = postern(args);
  const watching = setInterval(() => look(program.pid, args.join(" ")), 10);
  const ended = await program.ended(stdin);
  clearInterval(watching);
  if (!reveals)
    for (const part of ["stdout", "stderr"] as const)
      seen.push({ where: `${part} of postern ${args.join(" ")}`, text: ended[part] });
  return ended;
}

const at = ["--config", config];
const names = (): KindName[] => Object.keys(all) as KindName[];

describe("a secret of each kind is seen nowhere", () => {
  test("when it is put in the vault", async () => {
    expect(await run(["init", "--dir", folder.file("postern")])).toMatchObject({ status: 0 });
    for (const kind of names()) {
      const { value, facts } = all[kind];
      const options = Object.entries(facts).flatMap(([name, fact]) => [`--${name}`, fact]);
      const from = kind === "bearer-token" ? ["--stdin"] : ["--file", folder.write(`${kind}.txt`, value)];
      const source = kind === "certificate" ? ["--pem", from[1] ?? ""] : from;
      const ended = await run(
        ["vault", "add", kind, `my-${kind}`, ...source, ...options, ...at],
        kind === "bearer-token" ? value : "",
      );
      expect(ended, ended.stderr).toMatchObject({ status: 0 });
      // The second time it is refused, and the refusal shows nothing either.
      expect(
        await run(["vault", "add", kind, `my-${kind}`, ...source, ...options, ...at], value),
      ).toMatchObject({ status: 1 });
    }
    expect(leaks()).toEqual([]);
  });

  test("when a value is not taken", async () => {
    for (const kind of names()) {
      const bad = folder.write(
        "bad.txt",
        `${all[kind].value.replace("-----END", "-----ENT")}\nsecond ${all[kind].value} line\n\u0007`,
      );
      await run(["vault", "add", kind, "bad", kind === "certificate" ? "--pem" : "--file", bad, ...at]);
      await run(["vault", "add", kind, "bad", "--stdin", ...at], `Bearer ${all[kind].value}\nx`);
      // Given where a name belongs: a person pastes it by mistake. It must not be repeated.
      await run(["vault", "add", kind, "../bad", "--file", bad, ...at]);
    }
    expect(leaks()).toEqual([]);
  });

  test("in any command's help", async () => {
    expect((await run(["--help"])).status).toBe(0);
    for (const { name } of commands) {
      const { stdout, status } = await run([name, "--help"]);
      expect([name, status]).toEqual([name, 0]);
      expect(stdout.toLowerCase(), name).toContain("example");
    }
    for (const sub of ["add", "list", "show", "download", "rename", "remove"]) {
      const { stdout, status } = await run(["vault", sub, "--help"]);
      expect([sub, status, /example/i.test(stdout)]).toEqual([sub, 0, true]);
    }
    for (const sub of ["add", "list", "test", "remove"]) {
      const { stdout, status } = await run(["endpoint", sub, "--help"]);
      expect([sub, status, /example/i.test(stdout)]).toEqual([sub, 0, true]);
    }
    expect(leaks()).toEqual([]);
  });

  test("in what the commands print", async () => {
    const { origin } = upstream;
    const ca = ["--ca", folder.write("server-ca.pem", pki.serverCa.certificate)];
    const add = (name: string, type: string, ...kinds: KindName[]) =>
      run([
        "endpoint",
        "add",
        name,
        `${origin}/v1`,
        "--type",
        type,
        ...kinds.flatMap((kind) => ["--credential", `my-${kind}`]),
        ...ca,
        ...at,
      ]);
    expect(await add("private", "dedicated", "certificate", "bearer-token")).toMatchObject({ status: 0 });
    expect(await add("shared", "serverless", "serverless-api-key")).toMatchObject({ status: 0 });
    expect(await add("hub", "hugging-face", "hugging-face-token")).toMatchObject({ status: 0 });
    expect((await add("wrong", "serverless", "bearer-token")).status).not.toBe(0);
    expect((await add("wrong", "dedicated", "registry-credentials")).status).not.toBe(0);
    for (const json of [[], ["--json"]]) {
      for (const command of [["vault", "list"], ["endpoint", "list"], ["check"], ["doctor"]])
        await run([...command, ...json, ...at]);
      for (const kind of names())
        expect(await run(["vault", "show", `my-${kind}`, ...json, ...at])).toMatchObject({ status: 0 });
    }
    await run(["endpoint", "test", "private", ...at]);
    await run(["endpoint", "test", "shared", ...at]);
    expect(await run(["vault", "rename", "my-ssh-key", "other-name", ...at])).toMatchObject({ status: 0 });
    expect(await run(["vault", "rename", "other-name", "my-ssh-key", ...at])).toMatchObject({ status: 0 });
    await run(["vault", "download", "my-certificate", "--out", folder.path, ...at]);
    expect(leaks()).toEqual([]);
  });

  test("but where it was asked for, so that the search is known to find it", async () => {
    for (const kind of names()) {
      const { stdout } = await run(["vault", "show", `my-${kind}`, "--reveal", ...at], "", true);
      expect(
        all[kind].secrets.every((secret) => stdout.includes(secret)),
        kind,
      ).toBe(true);
      expect(
        forms.some((form) => stdout.includes(form)),
        kind,
      ).toBe(true);
    }
    const { stdout } = await run(["vault", "download", "my-certificate", "--stdout", ...at], "", true);
    expect(all.certificate.secrets.every((secret) => stdout.includes(secret))).toBe(true);
  });
});

describe("a gateway with debug logs shows no secret", () => {
  const write =
    (text: string): Answering =>
    async (exchange) => {
      await exchange.body;
      await exchange.write(text);
    };
  const answers: Record<string, Answering> = {
    "a good answer": async (exchange) => {
      await exchange.body;
      await exchange.json({ ok: true });
    },
    "an error": async (exchange) => {
      await exchange.body;
      await exchange.json({ error: "no" }, "401 Unauthorized");
    },
    garbage: write("garbage\r\n\r\n"),
    "a reset": async (exchange) => {
      await exchange.body;
      exchange.reset();
    },
    "half an answer": async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
      exchange.reset();
    },
    silence: () => {},
  };
  const asks: readonly Ask[] = [
    { target: "/private/v1/x", headers: ["Authorization: Bearer dummy"] },
    { target: "/shared/v1/x" },
    { target: "/hub/v1/x", body: '{"model":"m"}', headers: ["Content-Type: application/json"] },
    { target: "/private/raw/x" },
    { target: "/v1/models" },
    {
      target: "/v1/chat/completions",
      body: '{"model":"unknown"}',
      headers: ["Content-Type: application/json"],
    },
    { target: "/nosuch/v1/x" },
    { target: "/private/v1/../x" },
    { target: "/private/v1/x", headers: ["Host: evil.test"] },
    { target: "/private/v1/x", headers: ["Origin: https://evil.test"] },
    { target: "/gone/v1/x" },
    { target: "/dead/v1/x" },
    { target: "/untrusted/v1/x" },
  ];

  test("in logs, error bodies, headers, metrics and process listings", async () => {
    const url = `${upstream.origin}/v1`;
    const ca = folder.file("server-ca.pem");
    const both = { credentials: ["my-certificate", "my-bearer-token"] };
    const file = folder.write(
      "postern/debug.yaml",
      textOf({
        log: { level: "debug" },
        timeouts: { "first-byte": "300ms", idle: "300ms" },
        endpoints: {
          private: { url, ca, ...both },
          shared: { url, ca, type: "serverless", credentials: ["my-serverless-api-key"] },
          hub: { url, ca, type: "hugging-face", credentials: ["my-hugging-face-token"] },
          dead: { url: `https://127.0.0.1:${await freePort()}`, ...both },
          untrusted: { url, ...both },
        },
      }),
    );
    const program = postern(["serve", "--config", file]);
    await using serving: Program = program;
    const ready = await readyLine(serving);
    const [base = ""] = ready.listen;
    const note = async (where: string, to: string, what: Ask) => {
      const answer = await ask(to, what).catch((error: unknown) => ({ gone: String(error) }));
      seen.push({ where, text: JSON.stringify({ ...answer, body: "text" in answer ? answer.text : "" }) });
    };
    for (const [name, answer] of Object.entries(answers)) {
      upstream.answer = answer;
      for (const what of asks) await note(`${name} to ${what.target}`, base, what);
      look(serving.pid, "serve");
    }
    upstream.forget();
    upstream.answer = () => {};
    const arrival = upstream.next();
    const leaver = await connect(base);
    leaver.send({ target: "/private/v1/x" });
    // The canary does reach the endpoint: there the search finds it.
    expect(JSON.stringify((await arrival).head)).toContain(all["bearer-token"].value);
    leaver.leave();
    for (const kind of ["certificate", "hugging-face-token"] as const)
      expect(await run(["vault", "remove", `my-${kind}`, "--yes", ...at])).toMatchObject({ status: 0 });
    for (const target of ["/private/v1/x", "/hub/v1/x"]) await note("an item that is gone", base, { target });
    for (const target of ["/healthz", "/readyz", "/metrics", "/", "/api/items", "/nosuch"])
      await note(`admin ${target}`, ready.admin, { target });
    await run(["check", "--config", file]);
    await run(["doctor", "--config", file]);
    const ended = await serving.stop();
    expect(ended.status).toBe(0);
    seen.push({ where: "stdout of serve", text: ended.stdout }, { where: "the log", text: ended.stderr });
    // Something was logged at debug level, or the search proves nothing about it.
    expect(ended.stderr.split("\n").length).toBeGreaterThan(asks.length);
    expect(ended.stderr).not.toContain("dummy");
    expect(leaks()).toEqual([]);
  });
});
