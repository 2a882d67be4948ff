import { beginRecord, type RequestRecord } from "../record.ts";
import type { Copies } from "./copies.ts";

/** The figures of a row, in their order. What is not known stands there as NaN. */
const figures = {
  number: 0,
  startedMs: 1,
  startedAt: 2,
  dispatchedMs: 3,
  connectedMs: 4,
  firstByteMs: 5,
  firstTokenMs: 6,
  endedMs: 7,
  status: 8,
  sentBytes: 9,
  receivedBytes: 10,
  inputTokens: 11,
  outputTokens: 12,
  idLength: 13,
  width: 14,
} as const;

/** Of a request's id (respond.ts). */
const longestId = 128;

type Words = {
  -readonly [
    Word in "method" | "path" | "localKey" | "endpoint" | "model" | "outcome" | "code" | "tried" | "cache"
  ]: RequestRecord[Word];
};

/**
 * The last requests that ended, up to a fixed number. Their records are not kept but written down in memory of its own:
 * a thousand objects that outlive the young, and are replaced twenty times a second, would have the garbage collector at
 * work all the time, which cost a request more than all else that is noted of it.
 */
export class Ended {
  readonly #size: number;
  readonly #texts: Copies;
  readonly #figures: Float64Array;
  readonly #ids: Buffer;
  readonly #words: Words[];
  /** How many were ever added. */
  added = 0;

  /** @param texts gives the names that clients chose; the same ones come again and again */
  constructor(size: number, texts: Copies) {
    this.#size = size;
    this.#texts = texts;
    this.#figures = new Float64Array(size * figures.width);
    this.#ids = Buffer.alloc(size * longestId);
    const none = { localKey: undefined, endpoint: undefined, model: undefined, outcome: undefined };
    this.#words = Array.from({ length: size }, () => ({
      ...none,
      method: "",
      path: "",
      code: undefined,
      tried: [],
      cache: undefined,
    }));
  }

  add(record: RequestRecord): void {
    const slot = this.added % this.#size;
    this.added += 1;
    const row = slot * figures.width;
    const cells = this.#figures;
    cells[row + figures.number] = record.number;
    cells[row + figures.startedMs] = record.startedMs;
    cells[row + figures.startedAt] = record.startedAt;
    cells[row + figures.dispatchedMs] = record.dispatchedMs ?? NaN;
    cells[row + figures.connectedMs] = record.connectedMs ?? NaN;
    cells[row + figures.firstByteMs] = record.firstByteMs ?? NaN;
    cells[row + figures.firstTokenMs] = record.firstTokenMs ?? NaN;
    cells[row + figures.endedMs] = record.endedMs ?? NaN;
    cells[row + figures.status] = record.status;
    cells[row + figures.sentBytes] = record.sentBytes;
    cells[row + figures.receivedBytes] = record.receivedBytes;
    cells[row + figures.inputTokens] = record.usage?.inputTokens ?? NaN;
    cells[row + figures.outputTokens] = record.usage?.outputTokens ?? NaN;
    cells[row + figures.idLength] = this.#ids.write(record.id, slot * longestId, longestId, "latin1");
    const words = this.#words[slot];
    if (words === undefined) return;
    words.method = this.#texts.of(record.method);
    words.path = this.#texts.of(record.path);
    words.model = record.model === undefined ? undefined : this.#texts.of(record.model);
    words.localKey = record.localKey;
    words.endpoint = record.endpoint;
    words.outcome = record.outcome;
    words.code = record.code;
    words.tried = record.tried;
    words.cache = record.cache;
  }

  /** The newest first, at most so many. */
  newest(most: number): RequestRecord[] {
    const found = Math.min(most, this.added, this.#size);
    return Array.from({ length: found }, (_, back) => this.#at((this.added - 1 - back) % this.#size));
  }

  #at(slot: number): RequestRecord {
    const row = slot * figures.width;
    const figure = (name: keyof typeof figures): number => this.#figures[row + figures[name]] ?? NaN;
    const known = (name: keyof typeof figures): number | undefined => {
      const value = figure(name);
      return Number.isNaN(value) ? undefined : value;
    };
    const words = this.#words[slot];
    const from = slot * longestId;
    const id = this.#ids.toString("latin1", from, from + figure("idLength"));
    const [inputTokens, outputTokens] = [known("inputTokens"), known("outputTokens")];
    return {
      ...beginRecord({
        number: figure("number"),
        id,
        method: "",
        startedMs: figure("startedMs"),
        startedAt: figure("startedAt"),
      }),
      ...words,
      dispatchedMs: known("dispatchedMs"),
      connectedMs: known("connectedMs"),
      firstByteMs: known("firstByteMs"),
      firstTokenMs: known("firstTokenMs"),
      endedMs: known("endedMs"),
      status: figure("status"),
      sentBytes: figure("sentBytes"),
      receivedBytes: figure("receivedBytes"),
      usage:
        inputTokens === undefined && outputTokens === undefined ? undefined : { inputTokens, outputTokens },
    };
  }
}
