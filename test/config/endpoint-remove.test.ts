import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Folder } from "../support/folder.ts";
import { postern } from "./support.ts";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

const kept = "  kept: { url: kept.test, credentials: token } # as it was\n";
const gone = "  gone:\n    url: gone.test\n    credentials: [token]\n    ca: gone.pem\n";
const mistyped = "  mistyped:\n    url: mistyped.test\n    credentials: [token]\n    colour: red\n";

const write = (...endpoints: readonly string[]): string =>
  folder.write("postern.yaml", ["# by hand\n", "endpoints:\n", ...endpoints].join(""));
const text = (): string => readFileSync(folder.file("postern.yaml"), "utf8");
const remove = (name: string): ReturnType<typeof postern> =>
  postern(folder, ["endpoint", "remove", name], { POSTERN_CONFIG: folder.file("postern.yaml") });

test.each([
  ["whose ca is gone", "gone", gone],
  ["with a key that there is not", "mistyped", mistyped],
  ["of a name that none can have", "No Name", '  "No Name": { url: no.test, credentials: [token] }\n'],
  ["with nothing in it", "nothing", "  nothing:\n"],
])("an endpoint %s is removed, and the file is right again", async (_what, name, lines) => {
  write(kept, lines);
  expect(await remove(name)).toMatchObject({ status: 0, stderr: "" });
  expect(text()).toBe(`# by hand\nendpoints:\n${kept}`);
});

test("of two broken endpoints either is removed, and what is wrong with the other is said", async () => {
  const file = write(gone, kept, mistyped);
  expect(await remove("gone")).toEqual({
    status: 0,
    stdout: `removed "gone" from ${file}; its vault items are still there\n`,
    stderr:
      `warning: ${file} has a problem\n` +
      `${file}:7:5: endpoints.mistyped.colour: the key "colour" is not known\n` +
      "    7 |     colour: …\n" +
      "      |     ^^^^^^\n" +
      "      = the keys here are url, type, credentials, models, aliases, ca, listen, timeouts, probe, cache\n" +
      "hint: a gateway that runs goes on as before until that is right; postern check looks again\n",
  });
  expect(await remove("mistyped")).toMatchObject({ status: 0, stderr: "" });
  expect(text()).toBe(`# by hand\nendpoints:\n${kept}`);
});

test("a good endpoint is removed from a file that has a problem elsewhere", async () => {
  write(mistyped, kept);
  expect(await remove("kept")).toMatchObject({ status: 0, stderr: expect.stringContaining(".colour:") });
  expect(text()).toBe(`# by hand\nendpoints:\n${mistyped}`);
});

test.each([
  ["that the file still names elsewhere", `${gone}default-endpoint: gone\n`, "default-endpoint:"],
  ["that is not there", mistyped, "endpoints.mistyped.colour:"],
  ["of a file that is no YAML", `${gone}  gone: {\n`, "stands here a second time"],
  [
    "whose parts another uses",
    `${gone.replace("[token]", "&c [token]")}  two: { url: two.test, credentials: *c }\n`,
    "*c",
  ],
])("an endpoint %s stays, and every byte of the file", async (_what, lines, says) => {
  write(lines);
  const before = folder.contents();
  expect(await remove("gone")).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringContaining(says),
  });
  expect(folder.contents()).toEqual(before);
});
