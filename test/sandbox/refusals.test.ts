import { request as httpsRequest } from "node:https";
import { readFileSync, statSync } from "node:fs";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { describe, expect, test } from "vitest";
import { startSandbox } from "../../src/sandbox/endpoint.ts";
import { makeAuthority } from "../../src/vault/certificates/x509.ts";
import { Folder } from "../support/folder.ts";
import { Caller, clientOf, sandboxWith, tls, tokenIn, wordsOf } from "./support.ts";

describe("a sandbox that demands a certificate", () => {
  test.each(["TLSv1.3", "TLSv1.2"] as const)("refuses a client without one (%s)", async (version) => {
    await using sandbox = await sandboxWith("certificate");
    using caller = new Caller(sandbox, { minVersion: version, maxVersion: version });
    await expect(caller.chat()).rejects.toThrow();
    expect(sandbox.requests).toEqual([]);
  });

  test.each(["TLSv1.3", "TLSv1.2"] as const)("refuses one of a foreign CA (%s)", async (version) => {
    await using sandbox = await sandboxWith("certificate");
    const foreign = await makeAuthority({
      commonName: "ca.sandbox.user",
      notBefore: new Date(),
      validDays: 1,
    });
    const certificate = tls(await clientOf(foreign, "client.sandbox.user"));
    using caller = new Caller(sandbox, { ...certificate, minVersion: version, maxVersion: version });
    await expect(caller.chat()).rejects.toThrow();
    expect(sandbox.requests).toEqual([]);
  });

  test("refuses an expired one of its own CA", async () => {
    await using sandbox = await sandboxWith("certificate");
    if (sandbox.authority === undefined) throw new Error("it has no authority");
    const expired = await clientOf(sandbox.authority, "client.expired.test", { ago: 9, valid: 3 });
    using caller = new Caller(sandbox, tls(expired));
    await expect(caller.chat()).rejects.toThrow();
    expect(sandbox.requests).toEqual([]);
  });

  test("takes another one of its own CA, and says whose it is", async () => {
    await using sandbox = await sandboxWith("certificate");
    if (sandbox.authority === undefined) throw new Error("it has no authority");
    using caller = new Caller(sandbox, tls(await clientOf(sandbox.authority, "client.other.test")));
    const answer = await caller.chat();
    expect(answer.headers.get("x-sandbox-client")).toBe("client.other.test");
    expect(await answer.text()).toContain("client.other.test");
  });

  test.each(["TLSv1.3", "TLSv1.2"] as const)(
    "knows the client of a resumed session (%s)",
    async (version) => {
      await using sandbox = await sandboxWith("certificate");
      const pem = readFileSync(sandbox.certificate ?? "");
      const resumed: boolean[] = [];
      let session: Buffer | undefined;
      for (let i = 0; i < 2; i++) {
        const request = httpsRequest(`${sandbox.url}/models`, {
          ca: readFileSync(sandbox.ca),
          cert: pem,
          key: pem,
          maxVersion: version,
          agent: false,
          ...(session && { session }),
        });
        request.on("socket", (socket) => socket.on("session", (ticket: Buffer) => (session = ticket)));
        request.end();
        const [response] = (await once(request, "response")) as [IncomingMessage];
        resumed.push((response.socket as TLSSocket).isSessionReused());
        await response.resume().toArray();
        expect(response.headers["x-sandbox-client"]).toBe("client.sandbox.user");
      }
      expect(resumed).toEqual([false, true]);
    },
  );

  test("cannot be mistaken for a trusted server: its certificate is of its own CA", async () => {
    await using sandbox = await sandboxWith();
    using caller = new Caller(sandbox, { ca: [] });
    const refused = await caller.chat().catch((error: unknown) => error);
    expect(wordsOf(refused)).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to verify/);
  });
});

describe("a sandbox that demands a token", () => {
  test.each(["bearer-token", "serverless-api-key"] as const)("takes the right %s alone", async (demand) => {
    await using sandbox = await sandboxWith(demand);
    using caller = new Caller(sandbox);
    const token = tokenIn(sandbox.bearerTokenFile ?? sandbox.serverlessApiKeyFile);
    const right = await caller.chat({ authorization: `Bearer ${token}` });
    expect(right.status).toBe(200);
    expect(right.headers.get("x-sandbox-credentials")).toBe(demand);
    expect(await right.text()).toContain("right");
    const missing = await caller.chat();
    expect([missing.status, missing.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(await missing.json()).toMatchObject({ error: { type: "invalid_request_error", code: null } });
    for (const wrong of [`Bearer ${token}x`, `Basic ${token}`, token, "Bearer"]) {
      const answer = await caller.chat({ authorization: wrong });
      expect([answer.status, await answer.json()]).toMatchObject([
        401,
        { error: { code: "invalid_api_key" } },
      ]);
    }
    await expect(caller.sdk("canary-wrong-key").models.list()).rejects.toMatchObject({ status: 401 });
  });

  test("and a certificate takes only both together", async () => {
    await using sandbox = await sandboxWith("certificate", "bearer-token");
    using caller = new Caller(sandbox);
    const bearer = { authorization: `Bearer ${tokenIn(sandbox.bearerTokenFile)}` };
    expect((await caller.chat()).status).toBe(401);
    using bare = new Caller(sandbox, {});
    await expect(bare.chat(bearer)).rejects.toThrow();
    const both = await caller.chat(bearer);
    expect([both.status, both.headers.get("x-sandbox-credentials")]).toEqual([
      200,
      "certificate, bearer-token",
    ]);
  });

  test("of each sort takes either, for a request has only one Authorization header", async () => {
    await using sandbox = await sandboxWith("bearer-token", "serverless-api-key");
    using caller = new Caller(sandbox);
    for (const [name, file] of [
      ["bearer-token", sandbox.bearerTokenFile],
      ["serverless-api-key", sandbox.serverlessApiKeyFile],
    ] as const) {
      const answer = await caller.chat({ authorization: `Bearer ${tokenIn(file)}` });
      expect([answer.status, answer.headers.get("x-sandbox-credentials")]).toEqual([200, name]);
    }
  });
});

describe("a sandbox", () => {
  test("writes only the files that are demanded, and only its owner can read them", async () => {
    await using all = await sandboxWith("certificate", "bearer-token", "serverless-api-key");
    const modes = Object.entries(all.folder.contents()).map(([name, content]) => [
      name,
      content.split(" ")[0],
    ]);
    expect(modes).toEqual([
      ["sandbox/ca.pem", "600"],
      ["sandbox/sandbox-bearer-token.txt", "600"],
      ["sandbox/sandbox-client.pem", "600"],
      ["sandbox/sandbox-serverless-api-key.txt", "600"],
    ]);
    expect(statSync(all.folder.file("sandbox")).mode & 0o777).toBe(0o700);
    expect(readFileSync(all.certificate ?? "", "utf8")).toMatch(
      /^-----BEGIN PRIVATE KEY[^]*BEGIN CERTIFICATE/,
    );
    await using none = await sandboxWith();
    expect(Object.keys(none.folder.contents())).toEqual(["sandbox/ca.pem"]);
  });

  test("remembers what arrived, and of a credential only whether it was right", async () => {
    await using sandbox = await sandboxWith("certificate", "bearer-token");
    using caller = new Caller(sandbox);
    const token = tokenIn(sandbox.bearerTokenFile);
    const canary = "canary-dummy-key-5d0c";
    await (
      await caller.chat({ authorization: `Bearer ${token}`, "api-key": canary, X_Api_Key: canary })
    ).text();
    await (await caller.chat({ authorization: `Bearer ${canary}`, cookie: canary })).text();
    const [right, wrong] = sandbox.requests;
    expect(right).toMatchObject({
      method: "POST",
      target: "/openai/v1/chat/completions",
      client: { commonName: "client.sandbox.user", subject: "CN=client.sandbox.user" },
      body: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      ended: "complete",
    });
    expect(right?.rawHeaders).toContainEqual(["authorization", "[right]"]);
    expect(right?.rawHeaders).toContainEqual(["api-key", "[wrong]"]);
    expect(wrong?.rawHeaders).toContainEqual(["authorization", "[wrong]"]);
    expect(JSON.stringify(sandbox.requests)).not.toContain(token);
    expect(JSON.stringify(sandbox.requests)).not.toContain(canary);
  });

  test("on a port in use says so, and leaves no file", async () => {
    await using first = await sandboxWith();
    const port = Number(new URL(first.url).port);
    const second = startSandbox({ port, require: [], folder: first.folder.file("second") });
    await expect(second).rejects.toMatchObject({ code: "address_in_use" });
    expect(Object.keys(first.folder.contents())).toEqual(["sandbox/ca.pem"]);
  });

  test("whose folder cannot be made says so, and does not stay up", async () => {
    using folder = new Folder();
    const file = folder.write("file", "");
    const started = startSandbox({ require: [], folder: `${file}/sandbox` });
    await expect(started).rejects.toMatchObject({ code: "file_unwritable" });
  });
});
