import { write, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { DestinationStream } from "pino";

/** Lines wait for each other until there are so many bytes of them, or for so many milliseconds. */
const gathered = { bytes: 64 * 1024, ms: 100 };
/** What waits for a reader that does not read, in bytes or characters; beyond it lines are lost. */
const mostBytes = 16 * 1024 * 1024;
/** How long a process that ends waits for such a reader, in steps of so many milliseconds. */
const lastWords = { steps: 20, ms: 50 };

/** Where the log of a serving process goes. */
export interface LogFile extends DestinationStream {
  /** Writes what is left, behind what is being written: the last thing that a process does. */
  end(): Promise<void>;
}

const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === "EAGAIN";

/**
 * Standard error, without waiting for it as `process.stderr` does where it is a file. Many lines leave in one system
 * call: each would cost a request a tenth of what it costs at all. A log that nobody reads any more ends nothing and
 * holds nothing up: not even the process's end, for which pino's own destination would wait for ever.
 */
export function logToStandardError(): LogFile {
  const file = 2;
  /** What a write left over, and the lines behind it. */
  let rest: Buffer = Buffer.alloc(0);
  let lines: string[] = [];
  let waitingBytes = 0;
  let writing = false;
  let written: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const take = (): Buffer => {
    const text = Buffer.from(lines.join(""));
    const bytes = rest.length === 0 ? text : Buffer.concat([rest, text]);
    rest = Buffer.alloc(0);
    lines = [];
    waitingBytes = 0;
    return bytes;
  };
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!writing && waitingBytes > 0) send(take());
  };
  const flushSoon = (): void => {
    timer ??= setTimeout(flush, gathered.ms).unref();
  };
  const send = (bytes: Buffer): void => {
    writing = true;
    written = new Promise((resolve) =>
      write(file, bytes, (error, count) => {
        writing = false;
        // What could not be written for another reason is lost: there is nobody to tell.
        if (error === null) rest = bytes.subarray(count);
        else if (isFull(error)) rest = bytes;
        waitingBytes += rest.length;
        if (waitingBytes > 0) flushSoon();
        resolve();
      }),
    );
  };
  const flushSync = (): void => {
    let bytes = take();
    for (let step = 0; bytes.length > 0 && step < lastWords.steps; step += 1)
      try {
        bytes = bytes.subarray(writeSync(file, bytes));
      } catch (error) {
        if (!isFull(error)) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lastWords.ms);
      }
  };
  // However the process ends, but by a signal that it cannot see.
  process.on("exit", flushSync);
  return {
    write(line) {
      if (waitingBytes > mostBytes) return;
      lines.push(line);
      waitingBytes += line.length;
      if (waitingBytes >= gathered.bytes) flush();
      else flushSoon();
    },
    async end() {
      // The threads that write can all be busy, with names that nobody resolves for one.
      await Promise.race([written, pause(lastWords.steps * lastWords.ms)]);
      flushSync();
    },
  };
}
