import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { Desk } from "../vault/desk.ts";

async function deskWithToken(): Promise<Desk> {
  const desk = await Desk.make();
  desk.configure("old");
  const said = await desk.vault(["add", "bearer-token", "old", "--generate"]);
  expect(said).toMatchObject({ status: 0 });
  return desk;
}

const names = async (desk: Desk): Promise<readonly string[]> =>
  (await desk.open()).items().map(({ name }) => name);

test("a rename follows into postern.yaml, and says which endpoint names the item", async () => {
  using desk = await deskWithToken();
  const file = desk.folder.file("postern.yaml");
  const before = readFileSync(file, "utf8");
  const { status, stdout, stderr } = await desk.vault(["rename", "old", "new"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toBe(`renamed "old" to "new"\nthe endpoint "private-2" names it so too, in ${file}\n`);
  expect(readFileSync(file, "utf8")).toBe(before.replace("[old]", "[new]"));
  expect(await names(desk)).toEqual(["new"]);
});

test("a rename of an item that no endpoint uses leaves postern.yaml as it is", async () => {
  using desk = await deskWithToken();
  await desk.vault(["add", "bearer-token", "spare", "--generate"]);
  const file = desk.folder.file("postern.yaml");
  const before = statSync(file);
  expect(await desk.vault(["rename", "spare", "kept"])).toMatchObject({
    status: 0,
    stdout: 'renamed "spare" to "kept"\n',
  });
  expect(statSync(file)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
});

test("a rename that postern.yaml cannot take changes neither file", async () => {
  using desk = await deskWithToken();
  // The endpoint names the new name already, and a name may stand there only once.
  desk.configure("old, new");
  const file = desk.folder.file("postern.yaml");
  const before = readFileSync(file, "utf8");
  const { status, stderr } = await desk.vault(["rename", "old", "new"]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: .*was not changed/);
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await names(desk)).toEqual(["old"]);
});

test("a rename to the same name does not send anybody to remove the item", async () => {
  using desk = await deskWithToken();
  const { status, stderr } = await desk.vault(["rename", "old", "old"]);
  expect(status).toBe(2);
  expect(stderr).toBe('error: "old" has this name already\nhint: give a new one\n');
});
