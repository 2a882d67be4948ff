import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postern } from "../config/support.ts";
import { WebServer } from "../browser/browser.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { freePort } from "../support/openssl-server.ts";
import { Program } from "../support/process.ts";
import { openBrowser } from "../../src/cli/open-browser.ts";
import { Console } from "./support.ts";
import { codeIn, enter } from "./sign-in.ts";

const token = `postern-admin-${"a".repeat(43)}`;

/** Runs `postern console` with a configuration and an admin token of the test's own, and no gateway. */
async function consoleWith(
  settings: string,
  args: readonly string[] = [],
): Promise<Awaited<ReturnType<typeof postern>>> {
  using folder = new Folder();
  folder.write("postern.yaml", `${settings}\nendpoints: {}\n`);
  folder.write("admin-token", token);
  return await postern(folder, ["console", "--config", "postern.yaml", ...args]);
}

describe("postern console", () => {
  let it: Console;
  beforeAll(async () => {
    it = await Console.start({ settings: { admin: `127.0.0.1:${await freePort()}` } });
  });
  afterAll(() => it[Symbol.asyncDispose]());
  const run = (...args: string[]): ReturnType<typeof postern> =>
    postern(it.gateway.folder, ["console", "--config", it.gateway.file, ...args]);

  test("prints the link alone, and it opens the console once", async () => {
    const { status, stdout, stderr } = await run();
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#link=[\w-]{43}\n$/);
    expect((await enter(it, codeIn(stdout.trim()))).status).toBe(201);
    expect((await enter(it, codeIn(stdout.trim()))).status).toBe(401);
  });

  test("prints it as JSON where that is asked for", async () => {
    const { url, expires } = JSON.parse((await run("--json")).stdout) as Record<"url" | "expires", string>;
    expect((await enter(it, codeIn(url))).status).toBe(201);
    expect(Date.parse(expires)).toBeGreaterThan(Date.now());
  });

  test("asks at another address where that is named, of this machine only", async () => {
    const named = it.url.replace("127.0.0.1", "localhost");
    expect((await run("--admin", named)).stdout.startsWith(`${named}/#link=`)).toBe(true);
    for (const far of ["http://192.0.2.1:8081", "https://127.0.0.1:1", "http://u:p@127.0.0.1:1", "8081"]) {
      const { status, stderr } = await run("--admin", far);
      expect([far, status]).toEqual([far, 2]);
      expect(stderr).toMatch(/^error: --admin is not the address of an admin listener\nhint: write it as/);
    }
  });

  test("says what is wrong with the token's file", async () => {
    chmodSync(it.gateway.folder.file("admin-token"), 0o640);
    const { status, stderr } = await run();
    chmodSync(it.gateway.folder.file("admin-token"), 0o600);
    expect(status).toBe(1);
    expect(stderr).toContain("others can read");
  });

  test("says when the gateway does not know its token", async () => {
    const file = it.gateway.folder.file("admin-token");
    const before = readFileSync(file);
    writeFileSync(file, token);
    const { status, stdout, stderr } = await run();
    writeFileSync(file, before);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^error: what answers at http:.* does not know the token in .*\nhint: .*SIGHUP\n$/,
    );
    expect(stderr).not.toContain(token);
  });
});

describe("postern console, where it cannot, says so in one sentence and the way out", () => {
  test("no gateway runs", async () => {
    const port = await freePort();
    const { status, stdout, stderr } = await consoleWith(`admin: 127.0.0.1:${port}`);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      new RegExp(
        `^error: no gateway answers at http://127.0.0.1:${port}: .+\\nhint: start it: postern serve`,
      ),
    );
  });

  test("no gateway has run yet", async () => {
    using folder = new Folder();
    folder.write("postern.yaml", "endpoints: {}\n");
    const { status, stderr } = await postern(folder, ["console", "--config", "postern.yaml"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: there is no admin token at .*\nhint: start it: postern serve/);
  });

  test("another program has the port, whatever it answers: it is not told the token", async () => {
    const answers = ["hello", "{}", '{"proof":"x"}', '{"error":{"message":"\\u001b[31mno"}}', "[1]"];
    for (const answer of answers) {
      const seen: string[] = [];
      await using server = await WebServer.start((request, response) => {
        seen.push(JSON.stringify([request.url, request.rawHeaders]));
        response.setHeader("content-type", "application/json").end(answer);
      });
      const { status, stdout, stderr } = await consoleWith(`admin: 127.0.0.1:${server.port}`);
      expect([answer, status, stdout]).toEqual([answer, 1, ""]);
      expect(stderr).toMatch(
        /^error: what answers at .* is not the gateway of this configuration: .+\nhint: /,
      );
      expect(stderr).not.toContain("\u001b");
      expect(seen).toHaveLength(1);
      expect(seen.join()).not.toContain("postern-admin-");
    }
  });

  test("another program has the port, and does not speak HTTP", async () => {
    const server = createTcpServer((socket) => void socket.on("error", () => {}).end("SSH-2.0-x\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { readonly port: number };
    const { status, stderr } = await consoleWith(`admin: 127.0.0.1:${port}`);
    server.close();
    expect(status).toBe(1);
    expect(stderr).toContain("it does not speak HTTP");
  });

  test("the system chose the port", async () => {
    const { status, stderr } = await consoleWith("admin: 127.0.0.1:0");
    expect(status).toBe(2);
    expect(stderr).toContain("hint: name the address that postern serve printed: postern console --admin");
  });

  test("the admin listener is a Unix socket; through a port that leads there it works", async () => {
    await using it = await Console.start({ settings: { admin: "unix:run/admin.sock" } });
    const run = (...args: string[]): ReturnType<typeof postern> =>
      postern(it.gateway.folder, ["console", "--config", it.gateway.file, ...args]);
    const refused = await run();
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(
      /^error: a browser cannot open the Unix socket \S+admin\.sock, .*\nhint: /,
    );
    expect(refused.stderr).toMatch(/socat .*ssh -L .*postern console --admin http:\/\/127\.0\.0\.1:8081\n$/);
    const { stdout } = await run("--admin", "http://127.0.0.1:8099");
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:8099\/#link=/);
  });
});

describe("a browser", () => {
  /** A stand-in for what opens addresses: it writes down what it was asked for. */
  function standIn(folder: Folder): { readonly env: Record<string, string>; readonly asked: string } {
    const asked = folder.file("asked");
    mkdirSync(folder.file("bin"));
    writeFileSync(
      join(folder.file("bin"), "xdg-open"),
      `#!/bin/sh\nprintf '%s\\n' "$@" > ${asked}.new\nmv ${asked}.new ${asked}\n`,
      {
        mode: 0o755,
      },
    );
    return { env: { PATH: `${folder.file("bin")}:${process.env["PATH"] ?? ""}` }, asked };
  }
  const url = "http://127.0.0.1:8081/#link=a;b$(c)";

  test("is opened at the link, with nothing of it read by a shell, where there is a screen", async () => {
    for (const screen of [{ DISPLAY: ":0" }, { WAYLAND_DISPLAY: "wayland-0" }]) {
      using folder = new Folder();
      const { env, asked } = standIn(folder);
      openBrowser(url, { ...env, ...screen }, "linux");
      await eventually(() => expect(readFileSync(asked, "utf8")).toBe(`${url}\n`));
    }
  });

  test("is not opened without a screen, without a terminal, with --no-open and with --json", async () => {
    await using it = await Console.start({ settings: { admin: `127.0.0.1:${await freePort()}` } });
    using folder = new Folder();
    const { env, asked } = standIn(folder);
    openBrowser(url, env, "linux");
    openBrowser(url, { ...env, DISPLAY: "" }, "linux");
    const bin = join(import.meta.dirname, "../../bin/postern");
    const command = `${bin} console --config ${it.gateway.file}`;
    const inTerminal = (line: string): Program =>
      new Program("script", ["-qec", line, "/dev/null"], { env: { ...env, DISPLAY: ":0" } });
    await using piped = new Program("sh", ["-c", command], { env: { ...env, DISPLAY: ":0" } });
    expect((await piped.ended()).stdout).toContain("#link=");
    for (const option of ["--no-open", "--json"]) {
      await using quiet = inTerminal(`${command} ${option}`);
      expect((await quiet.ended()).stdout).toContain("#link=");
    }
    expect(existsSync(asked)).toBe(false);
    await using program = inTerminal(command);
    const { stdout } = await program.ended();
    const link = /http:\S+/.exec(stdout)?.[0] ?? "";
    await eventually(() => expect(readFileSync(asked, "utf8")).toBe(`${link}\n`));
  });

  test("that cannot be started is nobody's error: the link is printed", async () => {
    openBrowser(url, { PATH: "/nonexistent", DISPLAY: ":0" }, "linux");
    await new Promise((resolve) => setImmediate(resolve));
  });
});
