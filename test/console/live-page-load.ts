import { readFileSync } from "node:fs";
import type { CDPSession, Page } from "playwright-core";
import { expect } from "vitest";
import { Streams } from "../gateway/streams.ts";
import { tell } from "../load/figures.ts";
import { type Serving, Stage } from "../load/serving.ts";
import { eventually } from "../support/eventually.ts";
import { send } from "./live-load.ts";
import { browser } from "./support.ts";

/** How much traffic there is while the page is open, and for how long. */
export interface PageLoad {
  readonly streams: number;
  readonly requestsPerSecond: number;
  /** The page is measured after each part. */
  readonly parts: number;
  readonly partMs: number;
}

/** What the page holds, after its garbage is gone. */
interface Held {
  readonly heapBytes: number;
  readonly domNodes: number;
  readonly rows: number;
}

/** One task of the page's main thread, during which it answers to nobody. */
interface Task {
  /** By the clock: it holds what the thread waited for a processor that others had. */
  readonly wallMs: number;
  /** What it took of the processor. */
  readonly cpuMs: number;
}

/** What was seen of the page while traffic went by. */
export interface PageFigures {
  readonly held: readonly Held[];
  /** The tasks that were longer than 50 ms by the clock, from the end of the first part on. */
  readonly longTasks: readonly Task[];
}

const eventEveryMs = 200;
/** From when on browsers call a task long. */
const longMs = 50;

/** Opens the page beside a gateway of its own process, has traffic go by, and measures the page. */
export async function watchPage({
  streams,
  requestsPerSecond,
  parts,
  partMs,
}: PageLoad): Promise<PageFigures> {
  await using stage = await Stage.set();
  await using serving = await stage.serve();
  const open = await Streams.open(serving.base, stage.upstream, streams);
  const over = new AbortController();
  const events = open.keepSending(eventEveryMs, over.signal);
  const page = await openPage(serving, stage);
  const devtools = await page.context().newCDPSession(page);
  const held: Held[] = [];
  const longTasks: Task[] = [];
  const goOn = (): Promise<unknown> => send(serving, requestsPerSecond, partMs);
  // What the first load takes is no part of the tasks.
  await goOn();
  held.push(await heldBy(page, devtools));
  for (let part = 1; part < parts; part += 1) {
    longTasks.push(...(await longTasksDuring(page, goOn)));
    held.push(await heldBy(page, devtools));
  }
  over.abort();
  await events;
  expect(await open.finish()).toEqual({ wrong: [], cut: [] });
  await page.context().close();
  const most = (times: readonly number[]): string => Math.max(0, ...times).toFixed(0);
  tell(
    `${longTasks.length} tasks longer than ${longMs} ms, at most ${most(longTasks.map(({ wallMs }) => wallMs))} ms by the ` +
      `clock and ${most(longTasks.map(({ cpuMs }) => cpuMs))} ms of processor; heap MB ${held
        .map(({ heapBytes }) => (heapBytes / 1_000_000).toFixed(1))
        .join(" ")}; nodes ${held.map(({ domNodes }) => domNodes).join(" ")}`,
  );
  return { held, longTasks };
}

/** An event of Chromium's trace: times are microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/** The page's long tasks while something goes on, from a trace of the browser. */
async function longTasksDuring(page: Page, goOn: () => Promise<unknown>): Promise<readonly Task[]> {
  const chromium = await browser();
  await chromium.startTracing(page, { categories: ["toplevel", "devtools.timeline"] });
  await goOn();
  const { traceEvents } = JSON.parse((await chromium.stopTracing()).toString()) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const drawing = traceEvents.find(({ name }) => name === "FireAnimationFrame");
  if (drawing === undefined) throw new Error("the page has drawn nothing");
  return traceEvents
    .filter(({ name, pid, tid }) => name.endsWith("RunTask") && pid === drawing.pid && tid === drawing.tid)
    .map(({ dur = 0, tdur = 0 }) => ({ wallMs: dur / 1000, cpuMs: tdur / 1000 }))
    .filter(({ wallMs }) => wallMs > longMs);
}

async function openPage(serving: Serving, stage: Stage): Promise<Page> {
  const adminToken = readFileSync(stage.folder.file("admin-token"), "utf8").trim();
  const answer = await fetch(`${serving.adminBase}/api/v1/links`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
  });
  const { url } = (await answer.json()) as { readonly url: string };
  const page = await (await (await browser()).newContext()).newPage();
  await page.goto(url.replace("/#", "/live#"));
  await eventually(async () => expect(await page.locator(".requests tbody tr").count()).toBeGreaterThan(0));
  return page;
}

async function heldBy(page: Page, devtools: CDPSession): Promise<Held> {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  const { nodes } = await devtools.send("Memory.getDOMCounters");
  const rows = await page.locator(".requests tbody tr").count();
  return { heapBytes: usedSize, domNodes: nodes, rows };
}
