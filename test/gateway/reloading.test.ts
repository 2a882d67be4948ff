import { renameSync } from "node:fs";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Checked } from "../../src/cluster/cluster.ts";
import { findConfig } from "../../src/config/sources.ts";
import { PosternError, problem } from "../../src/errors.ts";
import { Reloading } from "../../src/reloading.ts";
import { createVault, type Vault } from "../../src/vault/vault.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { bearer, put, Sink, textOf } from "../support/gateway.ts";

const behind = problem("worker_behind", { number: 1, reason: "no" });

let folder: Folder;
let vault: Vault;
let log: Sink;
let reloading: Reloading;
/** The endpoints of each configuration that was put in force. */
let applied: string[];
/** What becomes of the next ones on their way to all who serve; they arrive at once where it says nothing. */
let ways: Promise<void>[];
/** How each reload ended that was counted. */
let counted: boolean[];

const write = (name: string, credential = "token"): string =>
  folder.write(
    "postern.yaml",
    textOf({ endpoints: { [name]: { url: "http://127.0.0.1:1", credentials: [credential] } } }),
  );
const told = (message: string): readonly unknown[] =>
  log.lines().filter(({ msg }) => String(msg).includes(message));

beforeEach(async () => {
  folder = new Folder();
  vault = await createVault({ file: folder.file("vault.age"), identity: folder.file("identity.txt") });
  await put(vault, "token", bearer("canary-token-7d12"));
  log = new Sink();
  [applied, ways, counted] = [[], [], []];
  const { config, sources, seen } = await findConfig(write("first"));
  if (config instanceof PosternError) throw config;
  const cluster = {
    apply: ({ config }: Checked): Promise<void> => {
      applied.push([...config.endpoints.keys()].join());
      return ways.shift() ?? Promise.resolve();
    },
    reloaded: (ok: boolean) => void counted.push(ok),
    states: async () => [],
  };
  const checked = { config, sources };
  reloading = new Reloading({ checked, vault, cluster, log: pino(log), inForce: async () => {} });
  reloading.begin(seen);
});
afterEach(() => {
  reloading.end();
  folder[Symbol.dispose]();
});

test("a change that is slow to arrive everywhere does not hold up the next", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  ways = [promise];
  write("second");
  const second = reloading.reload();
  await eventually(() => expect(applied).toEqual(["second"]));
  write("third");
  await reloading.reload();
  expect(applied).toContain("third");
  resolve();
  await second;
});

test("a change that has not arrived everywhere is tried again by itself, and told of once", async () => {
  ways = [1, 2, 3].map(() => Promise.reject(behind));
  for (const way of ways) way.catch(() => {});
  write("second");
  await expect(reloading.reload()).rejects.toBe(behind);
  expect(reloading.reloads.last).toContain("applied only in part");
  await eventually(() => expect(reloading.reloads.last).toContain("configuration applied at"));
  expect(told("applied only in part")).toHaveLength(1);
  expect(counted).toEqual([false, true]);
});

test("a problem that lasts is told anew where a change that was slow has hidden it", async () => {
  const slow = Promise.withResolvers<void>();
  ways = [slow.promise];
  write("second");
  const second = reloading.reload();
  await eventually(() => expect(applied).toEqual(["second"]));
  renameSync(folder.file("vault.age"), folder.file("away"));
  await eventually(() => expect(reloading.reloads.last).toContain("there is no vault"));
  slow.resolve();
  await second;
  await eventually(() => expect(reloading.reloads.last).toContain("there is no vault"));
});

describe("while the vault cannot be read", () => {
  beforeEach(() => renameSync(folder.file("vault.age"), folder.file("away")));
  const bringBack = (): void => renameSync(folder.file("away"), folder.file("vault.age"));

  test("a configuration that needs nothing new of it is in force, and the rest follows when it is back", async () => {
    write("second");
    await expect(reloading.reload()).rejects.toMatchObject({ code: "vault_missing" });
    expect(applied).toEqual(["second"]);
    expect(reloading.checked.config.endpoints.has("second")).toBe(true);
    expect(reloading.reloads.last).toContain("configuration applied only in part");
    bringBack();
    await eventually(() => expect(reloading.reloads.last).toContain("applied at"));
    expect(counted.at(-1)).toBe(true);
  });

  test("one that names an item which was not there before waits for it", async () => {
    write("second", "other");
    await expect(reloading.reload()).rejects.toMatchObject({ code: "vault_missing" });
    expect(reloading.reloads.last).toContain("refused");
    bringBack();
    await eventually(() => expect(reloading.reloads.last).toContain("the vault has none of that name"));
    expect(reloading.checked.config.endpoints.has("first")).toBe(true);
    await put(vault, "other", bearer("canary-other-7d12"));
    await eventually(() => expect(reloading.reloads.last).toContain("configuration applied at"));
    expect(reloading.checked.config.endpoints.has("second")).toBe(true);
  });
});

test("nothing is put in force any more by a reload that is under way at the end", async () => {
  write("second");
  const second = reloading.reload();
  reloading.end();
  await second;
  expect(applied).toEqual([]);
  expect(counted).toEqual([]);
});
