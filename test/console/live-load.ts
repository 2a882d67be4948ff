import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { spreadOf } from "../../bench/statistics.ts";
import { Streams } from "../gateway/streams.ts";
import { tell, timesOf, wordsOf } from "../load/figures.ts";
import { resourcesOf } from "../load/resources.ts";
import { type Serving, Stage } from "../load/serving.ts";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { Watcher } from "./live-watcher.ts";

/** How much traffic there is, and for how long. */
export interface Load {
  readonly streams: number;
  readonly requestsPerSecond: number;
  /** One part is without a watcher, one with; they take turns, so that what else the machine does concerns both. */
  readonly pairs: number;
  readonly partMs: number;
}

/** Of one part. */
interface Part {
  readonly cpuMsPerRequest: number;
  readonly answerMs: readonly number[];
}

const MB = 1_000_000;
/** What a heap breathes. */
const growthBytes = 60 * MB;
/** How often each stream gets an event. */
const eventEveryMs = 200;
/** The kernel counts the time of a process so finely (proc(5), `sysconf(_SC_CLK_TCK)` on Linux). */
const tickMs = 10;

/** The processor time that a process has used. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/**
 * Has somebody watch traffic, and compares what the gateway spends then with what it spends unwatched. Expects that the
 * watcher is told of every request, that nobody else notices, and that memory stays as it was.
 */
export async function isWatched({ streams, requestsPerSecond, pairs, partMs }: Load): Promise<void> {
  await using stage = await Stage.set();
  await using serving = await stage.serve();
  const adminToken = readFileSync(stage.folder.file("admin-token"), "utf8").trim();
  const open = await Streams.open(serving.base, stage.upstream, streams);
  const over = new AbortController();
  const events = open.keepSending(eventEveryMs, over.signal);

  let sent = 0;
  const part = async (): Promise<Part> => {
    const cpuBefore = cpuMsOf(serving.pid);
    const { answerMs } = await send(serving, requestsPerSecond, partMs);
    sent += answerMs.length;
    return { cpuMsPerRequest: (cpuMsOf(serving.pid) - cpuBefore) / answerMs.length, answerMs };
  };
  const alone: Part[] = [];
  const watched: Part[] = [];
  let told = 0;
  // The code is compiled, and the heap has grown to what this needs.
  await part();
  const rssBytes = [resourcesOf(serving.pid).rssBytes];
  for (let pair = 0; pair < pairs; pair += 1) {
    alone.push(await part());
    const before = sent;
    await using watcher = await Watcher.follow({ app: { admin: serving.adminBase }, adminToken });
    await eventually(() => expect(watcher.events).not.toHaveLength(0));
    const [snapshot] = watcher.events;
    watched.push(await part());
    told += await eventually(() => {
      const changes = watcher.events.filter((event) => event !== snapshot);
      const ended = changes.flatMap((change) => change.ended);
      expect(changes.at(-1)?.inFlightCount).toBe(streams);
      expect(ended).toHaveLength(sent - before);
      expect(new Set(ended.map(({ id }) => id)).size).toBe(ended.length);
      return ended.length;
    });
    rssBytes.push(resourcesOf(serving.pid).rssBytes);
  }
  over.abort();
  await events;
  expect(await open.finish()).toEqual({ wrong: [], cut: [] });
  expect(told).toBeGreaterThan(0);
  for (const [name, parts] of Object.entries({ alone, watched })) {
    const cpu = spreadOf(parts.map(({ cpuMsPerRequest }) => cpuMsPerRequest));
    tell(
      `${name}: ${cpu.median.toFixed(2)} ms of processor a request (${cpu.min.toFixed(2)} to ${cpu.max.toFixed(2)}); ` +
        wordsOf(timesOf(parts.flatMap(({ answerMs }) => answerMs))),
    );
  }
  const ratios = spreadOf(
    watched.map(({ cpuMsPerRequest }, pair) => cpuMsPerRequest / (alone[pair]?.cpuMsPerRequest ?? NaN)),
  );
  tell(
    `watched to alone: ${ratios.median.toFixed(3)} (${ratios.min.toFixed(3)} to ${ratios.max.toFixed(3)}) of the processor; ` +
      `resident MB ${rssBytes.map((bytes) => Math.round(bytes / MB)).join(" ")}`,
  );
  expect((rssBytes.at(-1) ?? 0) - (rssBytes[0] ?? 0)).toBeLessThan(growthBytes);
}

/** Sends requests at an even pace, and resolves with how long each took until its answer. */
export async function send(
  { base }: Serving,
  perSecond: number,
  forMs: number,
): Promise<{ readonly answerMs: readonly number[] }> {
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect(base)));
  const free = [...clients];
  const answerMs: number[] = [];
  const under: Promise<void>[] = [];
  const begun = performance.now();
  const wanted = Math.round((perSecond * forMs) / 1000);
  for (let number = 0; number < wanted; number += 1) {
    await pause(Math.max(0, begun + (number * 1000) / perSecond - performance.now()));
    const client = free.pop() ?? (await connect(base));
    under.push(
      (async () => {
        const from = performance.now();
        client.send({ target: "/private/v1/chat/completions", body: '{"model":"m"}' });
        const { text } = await client.answer();
        answerMs.push(performance.now() - from);
        expect(text).toBe('{"ok":true}');
        free.push(client);
      })(),
    );
  }
  await Promise.all(under);
  for (const client of new Set([...clients, ...free])) client.leave();
  return { answerMs };
}
