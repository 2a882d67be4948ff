import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type {
  CheckedEndpoint,
  Endpoint,
  Endpoints,
  TestEnd,
  TestStep,
} from "../../src/admin/api/shapes/endpoint.ts";
import { bearer, certificate, serverless } from "../support/gateway.ts";
import { startPrivateEndpoint } from "../support/private-endpoint.ts";
import { makePki } from "../support/pki.ts";
import { startUpstream } from "../support/upstream.ts";
import { asAdmin } from "./admin-client.ts";
import { type ApiAnswer, Console, faultIn } from "./support.ts";

const canary = "canary-endpoints-2f7d9c41e6a8";
const items = { token: bearer(canary), other: bearer(`${canary}-other`), key: serverless(`${canary}-key`) };

const handWritten = `# kept by hand
listen: [127.0.0.1:0]
admin: 127.0.0.1:0
endpoints:
  # the first
  private:   # in the cellar
    url:   https://private.example.test/openai/v1   # its host
    credentials: [token]
    timeouts: { first-byte: 15m }   # it sleeps
  # the end
`;

/** A gateway whose configuration is this text. */
async function startWritten(text = handWritten): Promise<Console> {
  const console = await Console.start({
    settings: { endpoints: { private: { url: "https://private.example.test", credentials: ["token"] } } },
    items,
  });
  console.gateway.write(text);
  expect((await console.api("POST", "/configuration/reload")).status).toBe(200);
  return console;
}

const fileOf = ({ gateway }: Console): string => readFileSync(gateway.file, "utf8");
const listed = async (console: Console): Promise<Endpoints> =>
  (await console.api("GET", "/endpoints")).json as Endpoints;
const shown = async (console: Console, name = "private"): Promise<Endpoint> => {
  const found = (await listed(console)).endpoints.find((endpoint) => endpoint.name === name);
  if (found === undefined) throw new Error(`there is no endpoint ${name}`);
  return found;
};
const check = async (console: Console, body: object): Promise<CheckedEndpoint> =>
  (await console.api("POST", "/endpoints/check", body)).json as CheckedEndpoint;
const checked = { endpoint: { url: "new.example.test/v1", credentials: ["token"] }, name: "new" };

test("lists each endpoint as it is written and as it is in force, and no secret", async () => {
  await using console = await startWritten();
  const answer = await console.api("GET", "/endpoints");
  expect(answer.text).not.toContain(canary);
  const { file, demandsKeys, types } = answer.json as Endpoints;
  expect({ file, demandsKeys }).toEqual({ file: console.gateway.file, demandsKeys: false });
  expect(types.map(({ type, kinds }) => [type, kinds])).toEqual([
    ["dedicated", ["bearer-token", "certificate"]],
    ["serverless", ["serverless-api-key"]],
    ["hugging-face", ["hugging-face-token"]],
  ]);
  expect(await shown(console)).toMatchObject({
    url: "https://private.example.test/openai/v1",
    written: { timeouts: { "first-byte": "15m" } },
    local: [`${console.gateway.base}/private/v1`],
    ready: true,
    refuses: null,
    certificate: null,
    last: null,
  });
});

test("a new endpoint is in force when the answer comes, and the file keeps every other byte", async () => {
  await using console = await startWritten();
  const answer = await console.api("POST", "/endpoints", {
    name: "new",
    endpoint: { ...checked.endpoint, ca: null },
  });
  expect(answer).toMatchObject({
    status: 201,
    json: { name: "new", url: "https://new.example.test/v1", ready: true },
  });
  expect(fileOf(console)).toBe(
    handWritten.replace(
      "it sleeps\n",
      "it sleeps\n  new:\n    url: new.example.test/v1\n    credentials: [token]\n",
    ),
  );
  const refused = await fetch(`${console.gateway.base}/nobody/v1/models`);
  expect(await refused.text()).toContain("private, new");
});

test("a change keeps the comments and the keys that it does not name", async () => {
  await using console = await startWritten();
  const { version } = await shown(console);
  const change = { credentials: ["other"], models: ["m/x"] };
  const answer = await console.api("PUT", "/endpoints/private", { endpoint: change, version });
  expect(answer).toMatchObject({ status: 200, json: { credentials: ["other"], models: ["m/x"] } });
  expect(fileOf(console)).toBe(
    handWritten.replace("[token]", "[other]").replace("it sleeps\n", "it sleeps\n    models: [m/x]\n"),
  );
});

test("a removal takes the endpoint's lines, and its items stay", async () => {
  await using console = await startWritten();
  expect((await console.api("DELETE", "/endpoints/private")).status).toBe(204);
  expect(fileOf(console)).not.toContain("private.example.test");
  expect(fileOf(console)).toContain("# kept by hand");
  expect((await listed(console)).endpoints).toEqual([]);
  expect(console.gateway.vault.find("token")).toBeDefined();
});

test("two changes at once are made one after the other, and none is lost", async () => {
  await using console = await startWritten();
  const names = Array.from({ length: 8 }, (_, index) => `new-${index}`);
  const answers = await Promise.all(
    names.map((name) => console.api("POST", "/endpoints", { ...checked, name })),
  );
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201));
  const after = parse(fileOf(console)) as { endpoints: object };
  expect(Object.keys(after.endpoints).toSorted()).toEqual([...names, "private"]);
});

test("of two who change what both have looked at, the second is told to look again", async () => {
  await using console = await startWritten();
  const { version } = await shown(console);
  const answers = await Promise.all(
    ["a.example.test", "b.example.test"].map((url) =>
      console.api("PUT", "/endpoints/private", { endpoint: { url }, version }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
  const refused = answers.find(({ status }) => status === 409);
  expect(faultIn(refused as ApiAnswer)).toMatchObject({ code: "endpoint_changed", hint: /look at it again/ });
  const gone = await console.api("DELETE", `/endpoints/private?version=${version}`);
  expect(faultIn(gone).code).toBe("endpoint_changed");
});

test("a file that cannot be written stays, and the lines to put there are said", async () => {
  await using console = await startWritten();
  const { file, folder } = console.gateway;
  // Beside a name of this length there is none for a temporary file; a folder's mode would not stop root.
  const long = folder.file("n".repeat(250));
  renameSync(file, long);
  symlinkSync(long, file);
  const refused = faultIn(await console.api("POST", "/endpoints", checked));
  expect(refused.code).toBe("config_unwritable");
  expect(refused.message).toContain(file);
  expect(refused.hint).toContain("  new:\n    url: new.example.test/v1\n    credentials: [token]\n");
  const change = faultIn(
    await console.api("PUT", "/endpoints/private", { endpoint: { url: "b.example.test" } }),
  );
  expect(change.hint).toContain("    url: b.example.test\n");
  expect(change.hint).toContain("first-byte: 15m");
  expect(faultIn(await console.api("DELETE", "/endpoints/private")).hint).toContain('"private"');
  expect(readFileSync(long, "utf8")).toBe(handWritten);
});

test("a broken file is said, and not written over", async () => {
  await using console = await startWritten();
  writeFileSync(console.gateway.file, `${handWritten}colour: red\n`);
  const refused = faultIn(await console.api("POST", "/endpoints", checked));
  expect(refused.code).toBe("config_invalid");
  expect(refused.message).toContain('the key "colour" is not known');
  expect(fileOf(console)).toBe(`${handWritten}colour: red\n`);
  expect((await listed(console)).endpoints).toHaveLength(1);
});

test("an endpoint whose ca is gone is removed, but not while something else is wrong with the file", async () => {
  await using console = await startWritten();
  const { gateway } = console;
  const ca = gateway.folder.write("gone.pem", (await makePki()).server.certificate);
  const text = `${handWritten}  gone: { url: gone.example.test, credentials: token, ca: gone.pem }\n`;
  gateway.write(text);
  expect((await console.api("POST", "/configuration/reload")).status).toBe(200);
  rmSync(ca);
  gateway.write(`${text}colour: red\n`);
  const refused = faultIn(await console.api("DELETE", "/endpoints/gone"));
  expect(refused.code).toBe("config_edit_refused");
  expect(refused.message).toContain('the key "colour" is not known');
  expect(refused.message).not.toContain("gone.pem");
  expect(fileOf(console)).toBe(`${text}colour: red\n`);
  gateway.write(text);
  expect((await console.api("DELETE", "/endpoints/gone")).status).toBe(204);
  expect(fileOf(console)).toBe(handWritten);
  expect((await listed(console)).endpoints.map(({ name }) => name)).toEqual(["private"]);
});

test("what else in the file names an endpoint is said, and keeps it from being removed", async () => {
  const text = `${handWritten}default-endpoint: private\nkeys: { editor: { hash: "sha256:${"0".repeat(64)}", endpoints: [private] } }\n`;
  await using console = await startWritten(text);
  expect((await shown(console)).usedBy).toEqual(["default-endpoint", "keys.editor"]);
  expect((await listed(console)).demandsKeys).toBe(true);
  const refused = faultIn(await console.api("DELETE", "/endpoints/private"));
  expect(refused.code).toBe("config_edit_refused");
  expect(refused.message).toContain("default-endpoint");
  expect(fileOf(console)).toBe(text);
});

test("an endpoint that is not there, or is there already, is refused", async () => {
  await using console = await startWritten();
  const codes = await Promise.all([
    console.api("POST", "/endpoints", { ...checked, name: "private" }),
    console.api("PUT", "/endpoints/nobody", { endpoint: {} }),
    console.api("DELETE", "/endpoints/nobody"),
    console.api("POST", "/endpoints/nobody/test"),
  ]);
  expect(codes.map((answer) => [answer.status, faultIn(answer).code])).toEqual([
    [409, "endpoint_exists"],
    [404, "endpoint_absent"],
    [404, "endpoint_absent"],
    [404, "endpoint_absent"],
  ]);
  expect(fileOf(console)).toBe(handWritten);
});

test.each<[string, object, (string | null)[], RegExp]>([
  ["no url", { endpoint: { credentials: ["token"] } }, ["url"], /"url" is missing/],
  ["http to elsewhere", { endpoint: { url: "http://a.test", credentials: ["token"] } }, ["url"], /in clear/],
  [
    "a whole operation",
    { endpoint: { url: "a.test/v1/chat/completions", credentials: ["token"] } },
    ["url"],
    /write https:\/\/a.test\/v1/,
  ],
  ["a url that is no text", { endpoint: { url: 7, credentials: ["token"] } }, ["url"], /found the number 7/],
  [
    "a secret for a name",
    { endpoint: { url: "a.test", credentials: [`${canary} secret`] } },
    ["credentials"],
    /cannot be an item's name/,
  ],
  [
    "an item that is not there",
    { endpoint: { url: "a.test", credentials: ["nobody"] } },
    ["credentials"],
    /none of that name/,
  ],
  ["the wrong kind", { endpoint: { url: "a.test", credentials: ["key"] } }, ["credentials"], /serverless/],
  [
    "two tokens",
    { endpoint: { url: "a.test", credentials: ["token", "other"] } },
    ["credentials"],
    /sets the header/,
  ],
  [
    "a model twice",
    { endpoint: { ...checked.endpoint, models: ["m", "m"] } },
    ["models"],
    /named by the endpoint/,
  ],
  [
    "a ca that is not there",
    { endpoint: { ...checked.endpoint, ca: "no.pem" } },
    ["ca"],
    /there is no such file/,
  ],
  ["a ca that is no file", { endpoint: { ...checked.endpoint, ca: "." } }, ["ca"], /folder/],
  [
    "a ca that never ends",
    { endpoint: { ...checked.endpoint, ca: "/dev/zero" } },
    ["ca"],
    /not a regular file/,
  ],
  ["an unknown key", { endpoint: { ...checked.endpoint, colour: "red" } }, ["colour"], /not known/],
  [
    "a type that is none",
    { endpoint: { ...checked.endpoint, type: "dedicate" } },
    ["type"],
    /did you mean "dedicated"/,
  ],
  [
    "a name with a space",
    { name: "my endpoint", endpoint: checked.endpoint },
    ["name"],
    /cannot name an endpoint/,
  ],
  ["no name", { name: "", endpoint: checked.endpoint }, ["name"], /cannot name an endpoint/],
  ["a name of our own", { name: "v1", endpoint: checked.endpoint }, ["name"], /a path of Postern's own/],
  [
    "a name that is taken, and more",
    { name: "private", endpoint: { credentials: ["token"] } },
    ["name", "url"],
    /there already/,
  ],
  ["a change of what is not there", { existing: true, endpoint: {} }, ["name"], /there is no endpoint "new"/],
  ["nothing at all", { name: "new", endpoint: {} }, ["url", "credentials"], /missing/],
])("check: %s is said at its key, with the way out, and nothing is written", async (_, body, keys, said) => {
  await using console = await startWritten();
  const answer = await console.api("POST", "/endpoints/check", { name: "new", ...body });
  const { problems } = answer.json as CheckedEndpoint;
  expect(problems.map(({ key }) => key)).toEqual(keys);
  expect(problems.map(({ message, hint }) => `${message}; ${hint}`).join("\n")).toMatch(said);
  for (const { hint } of problems) expect(hint).not.toBe("");
  expect(answer.text).not.toContain(canary);
  expect(fileOf(console)).toBe(handWritten);
});

test("check: a bare host is shown with its scheme", async () => {
  await using console = await startWritten();
  expect(await check(console, checked)).toEqual({
    url: "https://new.example.test/v1",
    problems: [],
    warnings: [],
  });
});

test("check: a change is checked with what it does not name", async () => {
  await using console = await startWritten();
  const question = { name: "private", existing: true };
  expect((await check(console, { ...question, endpoint: { models: ["m"] } })).problems).toEqual([]);
  const { problems } = await check(console, { ...question, endpoint: { credentials: null } });
  expect(problems.map(({ key }) => key)).toEqual(["credentials"]);
});

test("a certificate's end and the last request are told", async () => {
  await using stage = await startPrivateEndpoint();
  await fetch(`${stage.gateway.base}/private/v1/models`);
  await stage.gateway.ended(1);
  const answer = await asAdmin(stage.gateway, "/endpoints");
  const { endpoints } = (await answer.json()) as Endpoints;
  expect(endpoints[0]).toMatchObject({
    certificate: { item: "gen-cert", daysLeft: 28 },
    findings: [{ level: "warning", code: "credential_expiring" }],
    last: { good: true, status: 200, outcome: "done" },
  });
});

/** The events of a test. */
async function tested(
  console: Console,
  name: string,
): Promise<{ steps: TestStep[]; end: TestEnd | undefined }> {
  const { text } = await console.api("POST", `/endpoints/${name}/test`);
  const events = [...text.matchAll(/^event: (step|end)\ndata: (.*)$/gm)];
  const steps = events
    .filter(([, event]) => event === "step")
    .map(([, , data]) => JSON.parse(data ?? "") as TestStep);
  const end = events.find(([, event]) => event === "end")?.[2];
  return { steps, end: end === undefined ? undefined : (JSON.parse(end) as TestEnd) };
}

test("a test tells each step, and that the endpoint is ready", async () => {
  await using console = await Console.start({ sandbox: ["certificate", "bearer-token"] });
  const { steps, end } = await tested(console, "private");
  expect(steps.map(({ name, ok }) => [name, ok])).toEqual(
    ["credentials", "connection", "certificate", "token", "models"].map((name) => [name, true]),
  );
  expect(steps.at(-1)?.models?.length).toBeGreaterThan(0);
  expect(end).toEqual({ ok: true, message: 'the endpoint "private" is ready', hint: "" });
  const audit = readFileSync(console.gateway.folder.file("audit.log"), "utf8");
  expect(audit).toMatch(/"action":"attach","item":"gen-cert","endpoint":"private"/);
});

test("a test with the wrong certificate says so in one sentence, with the way out", async () => {
  const pki = await makePki();
  await using console = await Console.start({
    sandbox: ["certificate"],
    items: { "gen-cert": certificate(pki.foreign) },
  });
  const { steps, end } = await tested(console, "private");
  expect(steps.at(-1)).toMatchObject({ name: "certificate", ok: false });
  expect(end?.ok).toBe(false);
  expect(end?.message).toMatch(/is not ready: .*"gen-cert"/);
  expect(end?.hint).toMatch(/CA was given to this deployment/);
});

test("whoever leaves a test ends it, and the endpoint sees nobody there any more", async () => {
  const upstream = await startUpstream();
  upstream.answer = () => {};
  try {
    await using console = await Console.start({
      settings: { endpoints: { slow: { url: upstream.origin, credentials: ["token"] } } },
      items,
    });
    const asked = upstream.next();
    const leaving = new AbortController();
    const answer = await asAdmin(console.gateway, "/endpoints/slow/test", {
      method: "POST",
      signal: leaving.signal,
    });
    const { closed } = await asked;
    leaving.abort();
    await closed;
    await expect(answer.text()).rejects.toThrow(/abort/i);
  } finally {
    await upstream.stop();
  }
});
