import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { startApp } from "../../src/app.ts";
import { listenOn } from "../../src/gateway/local/listen.ts";
import { clearTheWay } from "../../src/gateway/local/socket.ts";
import { createVault } from "../../src/vault/vault.ts";
import { Folder } from "../support/folder.ts";
import { Sink, startGateway, textOf } from "../support/gateway.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

/** A start in a folder whose `run` was prepared by somebody, with the gateway or the admin listener there. */
async function start(prepare: (run: string) => void, key: "listen" | "admin" = "listen"): Promise<Error> {
  using folder = new Folder();
  await createVault({ file: folder.file("vault.age"), identity: folder.file("identity.txt") });
  prepare(folder.file("run"));
  const before = folder.contents();
  const configFile = folder.write("postern.yaml", textOf({ [key]: "unix:run/p.sock", endpoints: {} }));
  try {
    const app = await startApp({ configFile, logTo: new Sink() });
    await app.stop();
  } catch (error) {
    // Nothing was made or changed on the way.
    expect({ ...folder.contents(), "postern.yaml": undefined }).toEqual({
      ...before,
      "postern.yaml": undefined,
    });
    return error as Error;
  }
  throw new Error("it started");
}

const folderOf = (mode: number, owner?: number) => (run: string) => {
  mkdirSync(run);
  chmodSync(run, mode);
  if (owner !== undefined) chownSync(run, owner, owner);
};

describe("a Unix socket", () => {
  test("whose folder is not there gets one that is its owner's alone, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      await using gateway = await startGateway(
        { listen: ["unix:run/deep/g.sock"], admin: "unix:other/a.sock", endpoints: {} },
        {},
      );
      expect(["run", "run/deep", "other"].map((name) => modeOf(gateway.folder.file(name)))).toEqual([
        "700",
        "700",
        "700",
      ]);
      expect(["run/deep/g.sock", "other/a.sock"].map((name) => modeOf(gateway.folder.file(name)))).toEqual([
        "600",
        "600",
      ]);
      expect((await gateway.ask({ target: "/v1/models" })).status).toBe(404);
    } finally {
      process.umask(before);
    }
  });

  test.each([
    ["that others can enter", 0o755, "mode 0755"],
    ["that a group can enter", 0o750, "mode 0750"],
    ["that everybody may write, as /tmp is", 0o1777, "mode 1777"],
  ])("is not put in a folder %s", async (_, mode, words) => {
    for (const key of ["listen", "admin"] as const)
      expect(await start(folderOf(mode), key)).toMatchObject({
        code: "socket_folder_open",
        message: expect.stringContaining(words) as string,
        hint: expect.stringContaining("name a folder of its own") as string,
      });
  });

  test.runIf(process.geteuid?.() === 0)("is not put in a folder of another user", async () => {
    expect(await start(folderOf(0o700, 65_534))).toMatchObject({
      code: "socket_folder_open",
      message: expect.stringContaining("it belongs to the user 65534") as string,
    });
  });

  test("is not put below a file", async () => {
    expect(await start((run) => writeFileSync(run, "precious"))).toMatchObject({
      code: "address_unavailable",
    });
  });
});

test("a file in the place of a Unix socket is refused and left as it is", async () => {
  using folder = new Folder();
  const socket = folder.write("postern.sock", "precious");
  await clearTheWay({ socket });
  await expect(listenOn({ socket }, () => {})).rejects.toMatchObject({ code: "address_in_use" });
  expect(readFileSync(socket, "utf8")).toBe("precious");
});

test("a socket at which a program answers is refused and left to it", async () => {
  using folder = new Folder();
  const socket = folder.file("postern.sock");
  const other = createServer((connection) => connection.on("error", () => {}).end("other")).listen(socket);
  await once(other, "listening");
  await clearTheWay({ socket });
  await expect(listenOn({ socket }, () => {})).rejects.toMatchObject({ code: "address_in_use" });
  expect(statSync(socket).isSocket()).toBe(true);
  other.close();
});

test("a socket left by a program that was killed is replaced, by one for its owner alone", async () => {
  using folder = new Folder();
  const socket = folder.file("postern.sock");
  const leave = `require("net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`;
  expect(() => execFileSync(process.execPath, ["-e", leave])).toThrow();
  expect(statSync(socket).isSocket()).toBe(true);
  await clearTheWay({ socket });
  const listener = await listenOn({ socket }, (connection) => connection.destroy());
  expect(modeOf(socket)).toBe("600");
  listener.close();
  await listener.end();
  expect(existsSync(socket)).toBe(false);
});
