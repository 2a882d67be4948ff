import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { Console, faultIn } from "./support.ts";
import { asBrowser, codeIn, enter, refusalIn, signIn } from "./sign-in.ts";

const token = `postern-admin-${"a".repeat(43)}`;
const asProgram = (it: Console, bearer: string, path = "/session"): Promise<Response> =>
  fetch(`${it.url}/api/v1${path}`, { headers: { authorization: `Bearer ${bearer}` } });

describe("the admin token", () => {
  test("is made by the gateway where it is missing, for its owner alone, and never logged", async () => {
    await using it = await Console.start();
    const file = it.gateway.folder.file("admin-token");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toMatch(/^postern-admin-[\w-]{43}\n$/);
    expect((await asProgram(it, it.gateway.adminToken)).status).toBe(200);
    expect(it.gateway.log.text).not.toContain("postern-admin-");
  });

  test("opens the API alone: another one, a part of it and none do not", async () => {
    await using it = await Console.start();
    const { adminToken } = it.gateway;
    for (const wrong of [token, adminToken.slice(0, -1), `${adminToken}a`, adminToken.toUpperCase()])
      expect(await refusalIn(await asProgram(it, wrong))).toEqual([401, "admin_token_wrong"]);
    const without = await fetch(`${it.url}/api/v1/session`);
    expect(without.headers.get("www-authenticate")).toBe('Bearer realm="postern"');
    expect(await refusalIn(without)).toEqual([401, "admin_token_required"]);
  });

  test("comes from the file that the configuration names, and is taken as it is", async () => {
    await using it = await Console.start({
      settings: { "admin-token": "file:of-mine" },
      prepare: (folder) => folder.write("of-mine", `${token}\n`),
    });
    expect((await asProgram(it, token)).status).toBe(200);
  });

  test("that is changed locks out whoever came by the old one, from the next reload on", async () => {
    await using it = await Console.start();
    const old = it.gateway.adminToken;
    const browser = await signIn(it);
    const code = codeIn(await it.link());
    writeFileSync(it.gateway.folder.file("admin-token"), token);
    expect((await asProgram(it, old)).status).toBe(200);
    await it.gateway.app.reload();
    expect((await asProgram(it, old)).status).toBe(401);
    expect((await asProgram(it, token)).status).toBe(200);
    expect(await refusalIn(await asBrowser(it, browser))).toEqual([401, "session_over"]);
    expect(await refusalIn(await enter(it, code))).toEqual([401, "link_unknown"]);
  });

  const unfit = {
    identity_exposed: (file: string) => {
      writeFileSync(file, token);
      chmodSync(file, 0o644);
    },
    admin_token_invalid: (file: string) => writeFileSync(file, "a password of mine\n", { mode: 0o600 }),
  };
  test.each(Object.entries(unfit))(
    "that is %s closes the API with words that say so, and nothing else",
    async (code, spoil) => {
      await using it = await Console.start();
      const right = it.gateway.adminToken;
      const file = it.gateway.folder.file("admin-token");
      rmSync(file);
      spoil(file);
      await it.gateway.app.reload();
      const answer = await asProgram(it, right);
      const { error } = (await answer.json()) as { readonly error: Record<string, string> };
      expect(error["code"]).toBe(code);
      expect(error["message"]).toContain(file);
      expect(error["message"]).not.toContain("a password of mine");
      expect((await it.gateway.admin("/readyz")).status).toBe(200);
      expect((await asProgram(it, token)).status).not.toBe(200);
    },
  );

  test("that cannot be made leaves a gateway that serves, and an API that says the way out", async () => {
    await using it = await Console.start({ settings: { "admin-token": "file:nowhere/admin-token" } });
    expect((await it.gateway.admin("/readyz")).status).toBe(200);
    const answer = await asProgram(it, token);
    expect(answer.status).toBe(503);
    const { error } = (await answer.json()) as { readonly error: Record<string, string> };
    expect(error["code"]).toBe("admin_token_missing");
    expect(error["hint"]).toContain("admin-token: in postern.yaml");
    expect(it.gateway.log.text).toContain("nobody can use the console and the API");
  });

  test("is proven by the gateway to whoever has it, and to nobody else", async () => {
    await using it = await Console.start();
    const ask = (challenge: string): Promise<Response> =>
      fetch(`${it.url}/api/v1/proof?challenge=${challenge}`);
    const first = await (await ask("a".repeat(43))).text();
    expect(await (await ask("a".repeat(43))).text()).toBe(first);
    expect(await (await ask("b".repeat(43))).text()).not.toBe(first);
    expect(first).not.toContain(it.gateway.adminToken);
    expect((await ask("short")).status).toBe(400);
  });
});

describe("a link", () => {
  let it: Console;
  beforeAll(async () => {
    it = await Console.start();
  });
  afterAll(() => it[Symbol.asyncDispose]());

  test("keeps its secret part behind the #, and opens a session once", async () => {
    const link = await it.link();
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#link=[\w-]{43}$/);
    expect((await enter(it, codeIn(link))).status).toBe(201);
    expect(await refusalIn(await enter(it, codeIn(link)))).toEqual([401, "link_used"]);
    expect(await refusalIn(await enter(it, "a".repeat(43)))).toEqual([401, "link_unknown"]);
    expect(it.gateway.log.text).not.toContain(codeIn(link));
  });

  test("is made for programs with the admin token, and for browsers that are in", async () => {
    const browser = await signIn(it);
    expect((await asBrowser(it, browser, { method: "POST", path: "/links" })).status).toBe(201);
    const { status } = await fetch(`${it.url}/api/v1/links`, { method: "POST" });
    expect(status).toBe(401);
  });

  test("answers to those who follow it twice at the same moment once", async () => {
    const code = codeIn(await it.link());
    const answers = await Promise.all([enter(it, code), enter(it, code), enter(it, code)]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  test("leads to the name under which the gateway was asked", async () => {
    const { port } = new URL(it.url);
    const answer = await it.gateway.admin("/healthz", [`Host: localhost:${port}`]);
    expect(answer.status).toBe(200);
    const made = await fetch(`http://localhost:${port}/api/v1/links`, {
      method: "POST",
      headers: { authorization: `Bearer ${it.gateway.adminToken}` },
    });
    const { url } = (await made.json()) as { readonly url: string };
    expect(url.startsWith(`http://localhost:${port}/#link=`)).toBe(true);
  });
});

describe("a session", () => {
  let it: Console;
  beforeAll(async () => {
    it = await Console.start();
  });
  afterAll(() => it[Symbol.asyncDispose]());

  test("has a cookie that no script reads and no other site sends, of this gateway's own name", async () => {
    const { setCookie } = await signIn(it);
    const { port } = new URL(it.url);
    expect(setCookie).toMatch(
      new RegExp(`^postern-session-${port}=[\\w-]{43}; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict$`),
    );
  });

  test("needs its cookie and its token, for reading too, and each session its own", async () => {
    const [one, other] = [await signIn(it), await signIn(it)];
    expect((await asBrowser(it, one)).status).toBe(200);
    expect(await refusalIn(await asBrowser(it, { cookie: one.cookie }))).toEqual([
      401,
      "admin_token_required",
    ]);
    expect(await refusalIn(await asBrowser(it, { token: one.token }))).toEqual([401, "admin_token_required"]);
    for (const wrong of [
      { cookie: one.cookie, token: other.token },
      { cookie: one.cookie, token: "" },
      { cookie: one.cookie.replace(/=.*/, "="), token: one.token },
      { cookie: one.cookie.replace(/=.*/, `=${one.token}`), token: one.token },
    ])
      expect(await refusalIn(await asBrowser(it, wrong)), JSON.stringify(wrong)).toEqual([
        401,
        "session_over",
      ]);
    expect(await refusalIn(await asBrowser(it, { ...one, cookie: `${one.cookie}; ${one.cookie}` }))).toEqual([
      401,
      "admin_token_required",
    ]);
  });

  test("tells until when it lasts, and ends when it is asked to", async () => {
    const browser = await signIn(it);
    const { expires } = (await (await asBrowser(it, browser)).json()) as { readonly expires: string };
    const hours = (Date.parse(expires) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(11.9);
    expect(hours).toBeLessThanOrEqual(12);
    const ended = await asBrowser(it, browser, { method: "DELETE" });
    expect([ended.status, ended.headers.get("set-cookie")]).toEqual([
      204,
      expect.stringContaining("Max-Age=0"),
    ]);
    expect(await refusalIn(await asBrowser(it, browser))).toEqual([401, "session_over"]);
  });

  test("that ends takes its streams with it", async () => {
    const browser = await signIn(it);
    const stream = await asBrowser(it, browser, { path: "/live" });
    const reader = stream.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await asBrowser(it, browser, { method: "DELETE" });
    await expect(
      (async () => {
        for (;;) if ((await reader?.read())?.done !== false) return;
      })(),
    ).rejects.toThrow();
  });
});

describe("the API", () => {
  let it: Console;
  beforeAll(async () => {
    it = await Console.start();
  });
  afterAll(() => it[Symbol.asyncDispose]());

  test("tells nobody what is there who is not in", async () => {
    for (const path of ["/items", "/nothing", "/session/x", ""]) {
      const answer = await fetch(`${it.url}/api/v1${path}`);
      expect([path, ...(await refusalIn(answer))]).toEqual([path, 401, "admin_token_required"]);
    }
    expect(faultIn(await it.api("GET", "/nothing")).code).toBe("page_unknown");
  });

  test("takes JSON, and says what is wrong with what is none", async () => {
    const send = async (type: string, body: string): Promise<readonly [number, string]> =>
      refusalIn(
        await fetch(`${it.url}/api/v1/session`, { method: "POST", headers: { "content-type": type }, body }),
      );
    expect(await send("text/plain", '{"code":"x"}')).toEqual([415, "content_type_not_allowed"]);
    expect(await send("application/xml", "<x/>")).toEqual([415, "content_type_not_allowed"]);
    expect(await send("application/json", "{")).toEqual([400, "parameter_invalid"]);
    expect(await send("application/json", '{"code":7}')).toEqual([400, "parameter_invalid"]);
    expect(await send("application/json", `"${"x".repeat(1024 * 1024)}"`)).toEqual([
      413,
      "api_body_too_large",
    ]);
    const fault = faultIn(await it.api("POST", "/session", { code: 7 }));
    expect(fault).toMatchObject({ param: "code", message: expect.stringContaining('"code" in the body') });
  });

  test("changes nothing on GET and HEAD", async () => {
    const code = codeIn(await it.link());
    for (const method of ["GET", "HEAD"])
      expect((await fetch(`${it.url}/api/v1/session?code=${code}`, { method })).status).toBe(401);
    expect((await enter(it, code)).status).toBe(201);
  });
});

describe("the admin listener", () => {
  test("keeps so many connections open as limits.connections says, and closes idle ones first", async () => {
    await using it = await Console.start({ settings: { limits: { connections: 2 } } });
    const idle = await connect(it.url);
    idle.send({ target: "/healthz" });
    expect((await idle.answer()).status).toBe(200);
    const streams = [await connect(it.url), await connect(it.url)];
    for (const stream of streams) {
      stream.send({
        target: "/api/v1/live",
        headers: [`Authorization: Bearer ${it.gateway.adminToken}`],
      });
      expect((await stream.head()).start).toContain("200");
    }
    await eventually(() => expect(idle.socket.destroyed || idle.socket.readableEnded).toBe(true));
    const turned = await connect(it.url);
    turned.send({ target: "/healthz" });
    const answer = await turned.answer();
    expect([answer.status, answer.text]).toEqual([503, expect.stringContaining("connections_exhausted")]);
    for (const stream of streams) stream.leave();
  });
});
