import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Program } from "../support/process.ts";
import { Desk } from "./desk.ts";

const adder = fileURLToPath(new URL("./adder.ts", import.meta.url));

test("fifty changes by each of eight processes at once are all kept", async () => {
  using desk = await Desk.make();
  const programs = ["a", "b", "c", "d", "e", "f", "g", "h"].map(
    (prefix) => new Program(process.execPath, [adder, desk.vaultFile, desk.identityFile, prefix, "50"]),
  );
  for (const program of programs) expect(await program.ended()).toMatchObject({ status: 0, stderr: "" });
  const vault = await desk.open();
  expect(new Set(vault.items().map(({ name }) => name)).size).toBe(400);
  expect(vault.generation).toBe(401);
});
