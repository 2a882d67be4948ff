import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { Folder } from "../support/folder.ts";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

describe("a file that cannot be taken says why", () => {
  test("there is none", async () => {
    await expect(loadConfig(folder.file("none.yaml"))).rejects.toMatchObject({
      code: "config_missing",
      exit: 2,
    });
  });

  test("it is a folder", async () => {
    mkdirSync(folder.file("postern.yaml"));
    await expect(loadConfig(folder.file("postern.yaml"))).rejects.toMatchObject({
      code: "config_unreadable",
      message: expect.stringContaining("it is a folder") as string,
    });
  });

  test.each([
    ["UTF-16", Buffer.from("\uFEFFadmin: 127.0.0.1:1\n", "utf16le")],
    ["Latin-1", Buffer.from("# caf\u00E9\n", "latin1")],
  ])("it is %s", async (_, bytes) => {
    folder.write("postern.yaml", bytes);
    await expect(loadConfig(folder.file("postern.yaml"))).rejects.toMatchObject({
      code: "config_unreadable",
      message: expect.stringContaining("it is not UTF-8 text") as string,
    });
  });

  test("it is larger than 1 MiB", async () => {
    folder.write("postern.yaml", "#".repeat(1024 * 1024 + 1));
    await expect(loadConfig(folder.file("postern.yaml"))).rejects.toMatchObject({
      code: "config_unreadable",
      message: expect.stringContaining("larger than 1 MiB") as string,
    });
  });

  test("it has problems: all of them", async () => {
    folder.write("postern.yaml", "lisen: a\nadmin: b\n");
    await expect(loadConfig(folder.file("postern.yaml"))).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/has 2 problems\n[^]*:1:1: [^]*:2:8: /) as string,
    });
  });
});

test("a ca is read from beside the file", async () => {
  folder.write("ca.pem", "not a certificate");
  folder.write("postern.yaml", "endpoints: { a: { url: a.test, credentials: t, ca: ca.pem } }\n");
  await expect(loadConfig(folder.file("postern.yaml"))).rejects.toMatchObject({
    message: expect.stringContaining(`${folder.file("ca.pem")} holds no certificate`) as string,
  });
});
