import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { downloadFile, fileDownloadInfo, listFiles, snapshotDownload } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ask } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { postern, type Program, readyLine } from "../support/process.ts";
import { valuesOf } from "../support/wire.ts";
import { Hub } from "./hub.ts";

const token = "hf_canaryHubJourney6a1e9c";
const clientsOwn = "hf_theClientsOwnToken77";
const files = [
  { path: "README.md", content: Buffer.from("# a private model\n"), large: false },
  { path: "config.json", content: Buffer.from('{"hidden_size":8}\n'), large: false },
  { path: "model.safetensors", content: randomBytes(300_000), large: true },
  { path: "sub/tokenizer.model", content: randomBytes(5_000), large: true },
];
const repo = "acme/private";
const folder = new Folder();
const config = folder.file("postern.yaml");
let hub: Hub;
let serving: Program;
/** What a program is given as HF_ENDPOINT. */
let hubUrl: string;
let base: string;

async function run(args: readonly string[], stdin = ""): Promise<void> {
  const ended = await postern([...args, "--config", config]).ended(stdin);
  expect(ended, ended.stderr).toMatchObject({ status: 0 });
}

beforeAll(async () => {
  hub = await Hub.start(token, files);
  const made = await postern(["init", "--dir", folder.path]).ended();
  expect(made, made.stderr).toMatchObject({ status: 0 });
  await run(["vault", "add", "hugging-face-token", "hf", "--stdin"], token);
  await run(["endpoint", "add", "hub", hub.origin, "--type", "hugging-face", "--credential", "hf"]);
  const text = readFileSync(config, "utf8");
  folder.write("postern.yaml", `listen: [127.0.0.1:0]\nadmin: 127.0.0.1:0\n${text}`);
  serving = postern(["serve", "--config", config]);
  [base = ""] = (await readyLine(serving)).listen;
  hubUrl = `${base}/hub/raw`;
});
afterAll(async () => {
  await serving.stop();
  await hub[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const bytesOf = async (blob: Blob | null | undefined): Promise<Buffer> =>
  Buffer.from(new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer()));

/** That the Hub was only asked with the vault's token, and the CDN with none. */
function expectTokensKept(): void {
  expect(new Set(hub.seen.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]));
  expect(hub.seenByCdn.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  expect(serving.stdout + serving.stderr).not.toContain(token);
  hub.seen.length = 0;
  hub.seenByCdn.length = 0;
}

describe("the Hub's own client downloads from a private repository through the gateway", () => {
  test.each(files.map(({ path }) => path))("%s, equal to the byte", async (path) => {
    const blob = await downloadFile({ repo, path, hubUrl });
    const file = files.find((file) => file.path === path);
    expect(await bytesOf(blob)).toEqual(file?.content);
    expect(hub.seenByCdn.length > 0).toBe(file?.large);
    expectTokensKept();
  });

  test("with a token of its own, which goes nowhere", async () => {
    const blob = await downloadFile({ repo, path: "model.safetensors", hubUrl, accessToken: clientsOwn });
    expect(blob?.size).toBe(300_000);
    expectTokensKept();
  });

  test("a part of a large file", async () => {
    const blob = await downloadFile({ repo, path: "model.safetensors", hubUrl });
    expect(await bytesOf(blob?.slice(1000, 2000))).toEqual(files[2]?.content.subarray(1000, 2000));
    expectTokensKept();
  });

  test("what it asks of a file first: its size and its ETag", async () => {
    const info = await fileDownloadInfo({ repo, path: "model.safetensors", hubUrl });
    expect(info).toMatchObject({ size: 300_000, etag: expect.stringMatching(/^"[0-9a-f]{64}"$/) as unknown });
    expect(await fileDownloadInfo({ repo, path: "nosuch", hubUrl })).toBeNull();
    expectTokensKept();
  });

  test("a listing of several pages", async () => {
    const paths: string[] = [];
    for await (const { path } of listFiles({ repo, recursive: true, hubUrl })) paths.push(path);
    expect(paths).toEqual(files.map(({ path }) => path));
    expectTokensKept();
  });

  test("the whole repository", async () => {
    // The package tells of each file there.
    using _quiet = vi.spyOn(console, "debug").mockImplementation(() => {});
    const snapshot = await snapshotDownload({ repo, hubUrl, cacheDir: folder.file("cache") });
    for (const { path, content } of files)
      expect(readFileSync(join(snapshot, path)).equals(content)).toBe(true);
    expectTokensKept();
  });

  test.each(["acme/renamed", "acme/older"])("a repository under its former name, %s", async (former) => {
    const blob = await downloadFile({ repo: former, path: "config.json", hubUrl });
    expect(await blob?.text()).toBe('{"hidden_size":8}\n');
    expectTokensKept();
  });
});

describe("what huggingface_hub reads of an answer to HEAD", () => {
  const head = (path: string) =>
    ask(base, {
      method: "HEAD",
      target: `/hub/raw/${path}`,
      headers: [`Authorization: Bearer ${clientsOwn}`],
    });

  test("is there for a large file, whose address at the CDN is as the Hub gave it", async () => {
    const answer = await head("acme/private/resolve/main/model.safetensors");
    expect(answer.status).toBe(302);
    expect(valuesOf(answer, "x-repo-commit")).toEqual(["a".repeat(40)]);
    expect(valuesOf(answer, "x-linked-size")).toEqual(["300000"]);
    expect(valuesOf(answer, "x-linked-etag")).toHaveLength(1);
    const [location = ""] = valuesOf(answer, "location");
    expect((await fetch(location)).status).toBe(200);
    // Where it gets a read token of the Hub's store is here, and the store itself is not.
    const [link = ""] = valuesOf(answer, "link");
    expect(link).toContain(
      `<${hubUrl}/api/models/acme/private/xet-read-token/${"a".repeat(40)}>; rel="xet-auth"`,
    );
    expect(link).toContain(
      `<${new URL(location).origin}/v1/reconstructions/x>; rel="xet-reconstruction-info"`,
    );
    expectTokensKept();
  });

  test("redirects by a path alone to a repository's present name, which it follows as one within the host", async () => {
    for (const former of ["renamed", "older"])
      expect(valuesOf(await head(`acme/${former}/resolve/main/config.json`), "location")).toEqual([
        "/hub/raw/acme/private/resolve/main/config.json",
      ]);
    expectTokensKept();
  });
});
