import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWithKeys } from "../gateway/local-keys.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { asAdmin } from "./admin-client.ts";

let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint();
  it.upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.json({ ok: true });
  };
});
afterAll(() => it[Symbol.asyncDispose]());

const make = (body: unknown): Promise<Response> => asAdmin(it.gateway, "/keys", { method: "POST", body });
const revoke = (name: string): Promise<Response> =>
  asAdmin(it.gateway, `/keys/${encodeURIComponent(name)}`, { method: "DELETE" });
const list = async (): Promise<unknown> => (await asAdmin(it.gateway, "/keys")).json();

/** The status and code with which the gateway answers a request that brings this key. */
const tried = async (key: string, model = "m"): Promise<readonly [number, string | undefined]> => {
  const { status, text } = await it.gateway.ask({
    target: "/private/v1/chat/completions",
    headers: ["Content-Type: application/json", `Authorization: Bearer ${key}`],
    body: JSON.stringify({ model }),
  });
  return [status, (JSON.parse(text) as { error?: { code: string } }).error?.code];
};

test("a key is in force when the answer comes, is in no other answer, log or file, and is gone when it is revoked", async () => {
  expect(await list()).toEqual({ demanded: false, keys: [] });
  expect(await tried("anything")).toEqual([200, undefined]);

  const made = await make({ name: "editor", limits: { requestsPerMinute: 60 } });
  expect(made.status).toBe(201);
  expect(made.headers.get("cache-control")).toBe("no-store");
  const { key, ...rest } = (await made.json()) as { key: string };
  expect(key).toMatch(/^postern-[\w-]{43}$/);
  expect(rest).toEqual({ name: "editor", first: true });
  expect(await tried(key)).toEqual([200, undefined]);
  expect(await tried("another")).toEqual([401, "local_key_unknown"]);

  const second = (await (await make({ name: "second" })).json()) as { first: boolean };
  expect(second.first).toBe(false);
  expect(await list()).toEqual({
    demanded: true,
    keys: [
      {
        name: "editor",
        endpoints: [],
        models: [],
        limits: { requestsPerMinute: 60 },
        lastUsed: expect.stringMatching(/^20/),
      },
      { name: "second", endpoints: [], models: [], limits: {} },
    ],
  });

  for (const path of ["/keys", "/configuration", "/configuration/reloads", "/audit", "/about"]) {
    const answer = await asAdmin(it.gateway, path);
    expect(answer.status, path).toBe(200);
    expect(await answer.text(), path).not.toContain(key.slice(8));
  }
  expect(readFileSync(it.gateway.file, "utf8")).not.toContain(key.slice(8));
  expect(it.gateway.log.text).not.toContain(key.slice(8));
  expect((await it.gateway.admin("/metrics")).text).not.toContain(key.slice(8));

  expect(await (await revoke("editor")).json()).toEqual({ name: "editor", last: false });
  expect(await tried(key)).toEqual([401, "local_key_unknown"]);
  expect(await (await revoke("second")).json()).toEqual({ name: "second", last: true });
  expect(await list()).toEqual({ demanded: true, keys: [] });
  expect(await tried("")).toEqual([401, "local_key_required"]);
});

test("who made and revoked a key stands in the audit log; no refusal, and never the key", async () => {
  const { key } = (await (await make({ name: "noted" })).json()) as { key: string };
  await make({ name: "noted", endpoints: ["nowhere"] });
  await make({ name: "wrong", endpoints: ["nowhere"] });
  // Perhaps the key itself, in the place of its name.
  await revoke(key);
  await revoke("noted");
  const { uses } = (await (await asAdmin(it.gateway, "/audit?limit=2")).json()) as { uses: unknown };
  const by = { at: expect.any(String), command: "console", pid: process.pid, uid: process.getuid?.() };
  expect(uses).toEqual([
    { ...by, action: "key-remove", about: "noted" },
    { ...by, action: "key-add", about: "noted" },
  ]);
  expect(readFileSync(it.gateway.folder.file("audit.log"), "utf8")).not.toContain(key);
});

test("what a key may use is written to the file, and holds at the gateway", async () => {
  const made = await make({ name: "narrow", endpoints: ["private"], models: ["model-a"] });
  const { key } = (await made.json()) as { key: string };
  expect(await tried(key, "model-a")).toEqual([200, undefined]);
  expect(await tried(key, "model-b")).toEqual([403, "local_key_forbids"]);
  expect(readFileSync(it.gateway.file, "utf8")).toContain("endpoints: [private]\n    models: [model-a]");
  await revoke("narrow");
});

test("keys that are made at once are all made", async () => {
  const names = Array.from({ length: 8 }, (_, number) => `app-${number}`);
  const made = await Promise.all(names.map((name) => make({ name })));
  expect(made.map(({ status }) => status)).toEqual(names.map(() => 201));
  const listed = (await list()) as { keys: readonly { name: string }[] };
  expect(listed.keys.map(({ name }) => name).toSorted()).toEqual(names);
  const gone = await Promise.all(names.map(revoke));
  expect(gone.map(({ status }) => status)).toEqual(names.map(() => 200));
});

test("where several workers serve, a key is in force at each when the answer comes, and gone at each", async () => {
  await using two = await startPrivateEndpoint({ settings: { workers: 2 } });
  two.upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.json({ ok: true });
  };
  const made = await asAdmin(two.gateway, "/keys", { method: "POST", body: { name: "editor" } });
  const { key } = (await made.json()) as { key: string };
  const statuses = async (): Promise<readonly number[]> => {
    const headers = [`Authorization: Bearer ${key}`];
    // Each on a connection of its own: they are dealt out to the workers.
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => two.gateway.ask({ target: "/private/v1/models", headers })),
    );
    return [...new Set(answers.map(({ status }) => status))];
  };
  expect(await statuses()).toEqual([200]);
  await asAdmin(two.gateway, "/keys/editor", { method: "DELETE" });
  expect(await statuses()).toEqual([401]);
});

test("of two that ask for one name at once, one gets it", async () => {
  const made = await Promise.all([make({ name: "one" }), make({ name: "one" })]);
  expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201, 409]));
  await revoke("one");
});

test("what cannot be is refused with its code and its way out, and changes nothing", async () => {
  await make({ name: "taken" });
  const before = readFileSync(it.gateway.file, "utf8");
  const refused = async (answer: Promise<Response>): Promise<unknown> => {
    const { status } = await answer;
    const { error } = (await (await answer).json()) as { error: { code: string; hint: string } };
    expect(error.hint).not.toBe("");
    return [status, error.code];
  };
  expect(await refused(make({ name: "taken" }))).toEqual([409, "local_key_taken"]);
  expect(await refused(make({ name: "no name" }))).toEqual([400, "local_key_name_invalid"]);
  expect(await refused(make({ name: "x", endpoints: ["privat"] }))).toEqual([422, "config_edit_refused"]);
  expect(await refused(make({ name: "x", limits: { concurrency: 0 } }))).toEqual([400, "parameter_invalid"]);
  expect(await refused(make({ name: "x", hash: "sha256:00" }))).toEqual([400, "parameter_invalid"]);
  expect(await refused(make({}))).toEqual([400, "parameter_invalid"]);
  expect(await refused(revoke("takn"))).toEqual([404, "local_key_absent"]);
  expect(readFileSync(it.gateway.file, "utf8")).toBe(before);
  await revoke("taken");
});

test("a configuration that is broken on disk is not overwritten, and its problem is told", async () => {
  const before = readFileSync(it.gateway.file, "utf8");
  it.gateway.write(`${before}nonsense: 1\n`);
  const answer = await make({ name: "late" });
  expect(answer.status).toBe(422);
  expect(await answer.text()).toContain('the key \\"nonsense\\" is not known');
  expect(readFileSync(it.gateway.file, "utf8")).toBe(`${before}nonsense: 1\n`);
  it.gateway.write(before);
});

test("a key that another program adds to the file appears", async () => {
  await using other = await startWithKeys({ app: { hash: `sha256:${"0".repeat(64)}` } });
  expect(await (await asAdmin(other.gateway, "/keys")).json()).toMatchObject({ keys: [{ name: "app" }] });
  const text = readFileSync(other.gateway.file, "utf8");
  other.gateway.write(
    `${text.trimEnd()}\n`.replace("keys:\n", `keys:\n  more:\n    hash: sha256:${"1".repeat(64)}\n`),
  );
  await eventually(async () =>
    expect(await (await asAdmin(other.gateway, "/keys")).json()).toMatchObject({
      keys: [{ name: "more" }, { name: "app" }],
    }),
  );
});
