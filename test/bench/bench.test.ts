import { readdirSync, readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clockUs, eventBytes, eventOf } from "../../bench/event.ts";
import { Stream, type Tally } from "../../bench/load/stream.ts";
import { Folder } from "../support/folder.ts";
import { Program } from "../support/process.ts";

const main = join(import.meta.dirname, "../../bench/main.ts");

test("a quick run measures Postern beside its upstream, writes JSON, and leaves nothing behind", async () => {
  using folder = new Folder();
  using temporary = new Folder();
  const json = folder.file("results.json");
  const chosen = ["--quick", "--only", "direct,postern", "--parts", "sse-paced"];
  await using bench = new Program(process.execPath, [main, ...chosen, "--json", json], {
    env: { TMPDIR: temporary.path },
  });
  const { status, stdout, stderr } = await bench.ended();
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toContain("SSE, 100 streams at 33/s: CPU µs/chunk");
  const results = JSON.parse(readFileSync(json, "utf8")) as unknown;
  const delayUs = { p50: expect.any(Number) as number, p99: expect.any(Number) as number };
  expect(results).toMatchObject({
    machine: { node: process.version, cores: expect.any(Number) as number },
    contenders: {
      direct: { ssePaced: { delayUs } },
      postern: {
        ssePaced: { cpuUsPerChunk: expect.any(Number) as number, delayUs },
        rssMb: expect.any(Number) as number,
        readyMs: expect.any(Number) as number,
      },
    },
    failures: { direct: {}, postern: {} },
  });
  expect(readdirSync(temporary.path)).toEqual([]);
});

test("an unknown contender is refused before anything is started", async () => {
  await using bench = new Program(process.execPath, [main, "--only", "postern,envoy"]);
  const { status, stdout, stderr } = await bench.ended();
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^error: --only: "envoy" is none of postern, nginx/);
});

const chunked = (text: string, size: number): string =>
  (text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [])
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    .join("");

test.each([eventBytes, 7, 1000])(
  "events are counted and timed alike wherever their bytes are split (chunks of %i)",
  (size) => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const sentUs = clockUs() - 5e6;
    const bytes = Buffer.from(head + chunked(eventOf(sentUs).repeat(3), size));
    for (let at = 1; at < bytes.length; at += 1) {
      const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
      const tally: Tally = { bytes: 0, delaysUs: [], noting: true };
      const failed = (error: Error): void => expect.fail(error.message);
      let opened = 0;
      void new Stream(socket as Socket, Buffer.from("GET"), {
        tally,
        stamped: true,
        opened: () => (opened += 1),
        failed,
      });
      socket.emit("data", bytes.subarray(0, at));
      socket.emit("data", bytes.subarray(at));
      expect(opened).toBe(1);
      expect(tally.bytes).toBe(3 * eventBytes);
      expect(tally.delaysUs).toHaveLength(3);
      for (const delayUs of tally.delaysUs) {
        expect(delayUs).toBeGreaterThanOrEqual(5e6);
        // A wrong digit would make hours of it.
        expect(delayUs).toBeLessThan(600e6);
      }
    }
  },
);
