import { readFileSync, writeFileSync } from "node:fs";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { model, startChatServer, words } from "../support/chat-server.ts";
import { ask, errorIn } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { type Demands, startNginx } from "../support/nginx.ts";
import { makePki, pemOf, type Pki } from "../support/pki.ts";
import { type Ended, postern, Program, type Ready, readyLine } from "../support/process.ts";

const token = "canary-bearer-journey-b1d9";
const key = "canary-serverless-journey-3f60";
let pki: Pki;
let chat: Awaited<ReturnType<typeof startChatServer>>;
beforeAll(async () => {
  pki = await makePki();
  chat = await startChatServer();
});
afterAll(() => chat[Symbol.asyncDispose]());

/** Runs one command that must succeed. */
async function succeeds(args: readonly string[]): Promise<Ended> {
  const ended = await postern(args).ended();
  expect(ended, `postern ${args.join(" ")}\n${ended.stdout}${ended.stderr}`).toMatchObject({ status: 0 });
  return ended;
}

/** Lets the system choose the ports, which the README's reader need not do. */
function onFreePorts(file: string): void {
  const document = parseDocument(readFileSync(file, "utf8"));
  document.set("listen", ["127.0.0.1:0"]);
  document.set("admin", "127.0.0.1:0");
  writeFileSync(file, document.toString());
}

const chatRequest = (stream: boolean) => ({
  model,
  messages: [{ role: "user" as const, content: "hello" }],
  stream,
});

/** Chats with curl and with the official package, streaming and not, and lists the models. */
async function chats(base: string): Promise<void> {
  const curl = new Program("curl", [
    "-sSN",
    "--fail",
    `${base}/v1/chat/completions`,
    "-HContent-Type: application/json",
    "-HAuthorization: Bearer no_key",
    "--data-raw",
    JSON.stringify(chatRequest(true)),
  ]);
  const { status, stdout } = await curl.ended();
  expect(status).toBe(0);
  expect(stdout.split("\n\n").filter((event) => event !== "")).toHaveLength(words.length + 3);
  expect(stdout).toMatch(/data: \[DONE\]\n\n$/);

  const openai = new OpenAI({ baseURL: `${base}/v1`, apiKey: "no_key", maxRetries: 0 });
  const stream = await openai.chat.completions.create({ ...chatRequest(true), stream: true });
  const deltas: string[] = [];
  for await (const event of stream) deltas.push(event.choices[0]?.delta.content ?? "");
  expect(deltas.filter((delta) => delta !== "")).toEqual(words);
  const unary = await openai.chat.completions.create({ ...chatRequest(false), stream: false });
  expect(unary.choices[0]?.message.content).toBe(words.join(""));
  expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([model]);
}

/** A gateway that was set up by the commands alone. */
async function journey(
  folder: Folder,
  origin: string,
  items: readonly (readonly [kind: string, name: string, option: string, file: string])[],
  options: readonly string[] = [],
): Promise<{ readonly program: Program; readonly ready: Ready; readonly tested: Ended }> {
  const config = folder.file("postern/postern.yaml");
  const at = ["--config", config];
  await succeeds(["init", "--dir", folder.file("postern")]);
  for (const [kind, name, option, file] of items)
    await succeeds(["vault", "add", kind, name, option, file, ...at]);
  const credentials = items.flatMap(([, name]) => ["--credential", name]);
  const ca = ["--ca", folder.write("server-ca.pem", pki.serverCa.certificate)];
  await succeeds([
    "endpoint",
    "add",
    "private-2",
    `${origin}/openai/v1`,
    ...credentials,
    ...ca,
    ...options,
    ...at,
  ]);
  onFreePorts(config);
  await succeeds(["check", ...at]);
  const tested = await postern(["endpoint", "test", "private-2", ...at]).ended();
  const program = postern(["serve", ...at]);
  return { program, ready: await readyLine(program), tested };
}

describe("the journey of a new user with an nginx that demands a client certificate", () => {
  test("ends in a streamed chat and a list of models, with curl and the official package", async () => {
    using folder = new Folder();
    await using nginx = await startNginx(folder, pki, chat.port, { certificate: true });
    const pem = folder.write("gen-cert.pem", pemOf(pki.client));
    const { program, ready, tested } = await journey(
      folder,
      nginx.origin,
      [["certificate", "gen-cert", "--pem", pem]],
      ["--model", model],
    );
    await using serving = program;
    expect(tested, tested.stdout + tested.stderr).toMatchObject({ status: 0 });
    expect(ready).toMatchObject({ ready: true, pid: serving.pid });
    expect(Object.keys(ready).sort()).toEqual(["admin", "listen", "pid", "ready"]);
    const [base = ""] = ready.listen;
    await chats(base);
    expect(await serving.stop()).toMatchObject({ status: 0 });
    // Logs are JSON lines, and the ready line is all that standard output holds.
    expect(serving.stdout.trim().split("\n")).toHaveLength(1);
    for (const line of serving.stderr.trim().split("\n"))
      expect(() => JSON.parse(line) as unknown, line).not.toThrow();
  });

  test("and without the item the same request is refused with the right error", async () => {
    using folder = new Folder();
    await using nginx = await startNginx(folder, pki, chat.port, { certificate: true });
    const pem = folder.write("gen-cert.pem", pemOf(pki.client));
    const { program, ready } = await journey(folder, nginx.origin, [
      ["certificate", "gen-cert", "--pem", pem],
    ]);
    await using serving = program;
    const [base = ""] = ready.listen;
    await succeeds(["vault", "remove", "gen-cert", "--yes", "--config", folder.file("postern/postern.yaml")]);
    for (;;) {
      const answer = await ask(base, { target: "/v1/models" });
      if (answer.status === 200) continue;
      expect([answer.status, errorIn(answer).code]).toEqual([503, "credential_missing"]);
      break;
    }
    expect(serving.child.exitCode).toBe(null);
  });
});

describe("the same with other credentials", () => {
  const cases: Record<
    string,
    { demands: Demands; items: (folder: Folder) => [string, string, string, string][]; options?: string[] }
  > = {
    "bearer token only": {
      demands: { certificate: false, bearer: token },
      items: (folder) => [["bearer-token", "token", "--file", folder.write("token.txt", `${token}\n`)]],
    },
    "serverless API key only": {
      demands: { certificate: false, bearer: key },
      items: (folder) => [["serverless-api-key", "key", "--file", folder.write("key.txt", key)]],
      options: ["--type", "serverless"],
    },
    "bearer token and certificate together": {
      demands: { certificate: true, bearer: token },
      items: (folder) => [
        ["bearer-token", "token", "--file", folder.write("token.txt", `${token}\n`)],
        ["certificate", "gen-cert", "--pem", folder.write("gen-cert.pem", pemOf(pki.client))],
      ],
    },
  };
  for (const [name, { demands, items, options }] of Object.entries(cases))
    test(name, async () => {
      using folder = new Folder();
      await using nginx = await startNginx(folder, pki, chat.port, demands);
      const { program, ready, tested } = await journey(folder, nginx.origin, items(folder), options);
      await using serving = program;
      expect(tested, tested.stdout + tested.stderr).toMatchObject({ status: 0 });
      await chats(ready.listen[0] ?? "");
      await serving.stop();
    });
});

describe("what nginx refuses reaches the client as nginx said it, and endpoint test says what is wrong", () => {
  const cases: Record<
    string,
    {
      items: (folder: Folder) => [string, string, string, string][];
      status: number;
      body: RegExp;
      says: RegExp;
    }
  > = {
    "no certificate": {
      items: (folder) => [["bearer-token", "token", "--file", folder.write("token.txt", token)]],
      status: 400,
      body: /No required SSL certificate was sent/,
      says: /certificate/i,
    },
    "a certificate of another CA": {
      items: (folder) => [
        ["certificate", "foreign", "--pem", folder.write("foreign.pem", pemOf(pki.foreign))],
      ],
      status: 400,
      body: /The SSL certificate error/,
      says: /certificate/i,
    },
    "no bearer token": {
      items: (folder) => [
        ["certificate", "gen-cert", "--pem", folder.write("gen-cert.pem", pemOf(pki.client))],
      ],
      status: 401,
      body: /401 Authorization Required/,
      says: /bearer|token|401/i,
    },
  };
  for (const [name, { items, status, body, says }] of Object.entries(cases))
    test(name, async () => {
      using folder = new Folder();
      await using nginx = await startNginx(folder, pki, chat.port, { certificate: true, bearer: token });
      const { program, ready, tested } = await journey(folder, nginx.origin, items(folder));
      await using serving = program;
      const answer = await ask(ready.listen[0] ?? "", { target: "/v1/models" });
      expect([answer.status, body.test(answer.text)]).toEqual([status, true]);
      expect(tested.status).toBe(1);
      expect(tested.stdout + tested.stderr).toMatch(says);
      await serving.stop();
    });
});
