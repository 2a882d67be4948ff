import { once } from "node:events";
import { closeSync, ftruncateSync, openSync, rmSync, watch, writeFileSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fingerprint, watchFiles } from "../../src/config/watch.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";

let folder: Folder;
let file: string;
/** The fingerprints at each news. */
let told: string[];
let end: () => void;
beforeEach(() => {
  folder = new Folder();
  file = folder.write("postern.yaml", "first");
  told = [];
  end = watchFiles(new Map([[file, fingerprint(file)]]), () => told.push(fingerprint(file)));
});
afterEach(() => {
  vi.useRealTimers();
  end();
  folder[Symbol.dispose]();
});

/** Waits until this content was told of, and long enough for whatever else might be. */
async function tells(content: string): Promise<void> {
  const wanted = fingerprint(folder.write("wanted", content));
  await eventually(() => expect(told).toContain(wanted));
  await setTimeout(200);
  expect(told).toEqual([wanted]);
}

test("a file that is written in place, piece by piece, is told of once, when it is whole", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const handle = openSync(file, "r+");
  // The system tells this one last, and of each step before the next.
  const watcher = watch(folder.path);
  const step = async (take: () => void): Promise<void> => {
    const event = once(watcher, "change");
    take();
    await event;
    vi.advanceTimersByTime(40);
  };
  await step(() => ftruncateSync(handle));
  for (const piece of ["second", ", third", ", fourth"]) await step(() => writeSync(handle, piece));
  expect(told).toEqual([]);
  vi.advanceTimersByTime(40);
  watcher.close();
  closeSync(handle);
  vi.useRealTimers();
  await tells("second, third, fourth");
});

test("a file that is removed and written anew at once is told of once", async () => {
  rmSync(file);
  writeFileSync(file, "second");
  await tells("second");
});

test("a file that is gone for good is told of", async () => {
  rmSync(file);
  await eventually(() => expect(told).toEqual([fingerprint(file)]));
});
