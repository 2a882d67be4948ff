import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Scene } from "./scene.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8");
const [first = "", ...examples] = [...page.matchAll(/```sh\n(?<script>.*?)```/gs)].map(
  ({ groups }) => groups?.["script"] ?? "",
);

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** Runs lines of the page against the scene's gateway; fails where one of them does. */
async function run(script: string): Promise<string> {
  const { gateway } = scene;
  const here = script.replaceAll("http://127.0.0.1:8081", gateway.app.admin);
  const { stdout } = await promisify(execFile)("bash", ["-euc", here], { cwd: dirname(gateway.file) });
  return stdout;
}

test("the page has examples for every subject", () => {
  expect(examples.length).toBeGreaterThanOrEqual(7);
});

test("the admin token is enough, and is no command's argument", async () => {
  expect(JSON.parse(await run(first))).toMatchObject({ version: "0.1.0" });
  expect(page).not.toMatch(/-H ['"]Authorization/i);
});

test.each(examples)("the examples work: %#", async (script) => {
  const said = await run(`${first}${script}`);
  expect(said).not.toContain('"error":{');
});

test("the error that the page shows is the one that the API gives", async () => {
  const shown = /```json\n(?<body>.*?)```/s.exec(page)?.groups?.["body"] ?? "";
  const add = `api --json '{"name": "editor"}' $A/keys`;
  const said = await run(
    `${first}${add} > /dev/null; ${add} || true; api -X DELETE $A/keys/editor > /dev/null`,
  );
  expect(JSON.parse(said.slice(said.lastIndexOf('{"error"')))).toEqual(JSON.parse(shown));
});
