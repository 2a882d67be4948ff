import { type Answer, sizeWithout } from "./answer.ts";
import { isReadable } from "../content.ts";
import { isIndifferent } from "./cache-key.ts";
import { eachChunk, joined } from "../upstream/chunks.ts";
import { limits } from "../limits.ts";
import { fieldTokens, fieldValues } from "../message.ts";
import { PartEnds } from "./part-ends.ts";
import { Pieces } from "../pieces.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";
import { succeeded } from "./success.ts";

/** The memory that the recordings of one cache share. */
export class RecordingRoom {
  readonly #mostBytes: number;
  #takenBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Whether there was so much left. */
  take(bytes: number): boolean {
    if (this.#takenBytes + bytes > this.#mostBytes) return false;
    this.#takenBytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#takenBytes -= bytes;
  }
}

interface RecordingOptions {
  readonly room: RecordingRoom;
  /** Whether the status of its answer says that it is good, though what it says cannot be read. */
  readonly statusTells: boolean;
  readonly keep: (answer: Omit<Answer, "storedMs">) => void;
}

/** Listens to one answer as it comes. It ends with `end` or with `drop`: what was broken off is no answer. */
export class Recording {
  readonly #options: RecordingOptions;
  #head: ResponseHead | undefined;
  #parts = new Pieces();
  #ends = new PartEnds();
  /** Of the room. */
  #takenBytes = 0;

  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  head(head: ResponseHead): void {
    if (!mayBeKept(head) || !(isReadable(head.rawHeaders) || this.#options.statusTells)) return;
    this.#head = head;
    this.#take(sizeWithout(head.rawHeaders));
  }

  data(part: Buffer): void {
    if (this.#head === undefined || part.length === 0) return;
    this.#parts.push(part);
    this.#ends.push(this.#parts.bytes);
    this.#take(part.length + PartEnds.eachBytes);
  }

  /** Takes whole chunks in their framing; each is a part. */
  framed(chunks: Buffer): void {
    if (this.#head !== undefined) eachChunk(chunks, (from, to) => this.data(chunks.subarray(from, to)));
  }

  end(rawTrailers: readonly string[]): void {
    const head = this.#head;
    if (head === undefined) return;
    // A copy, so that the buffers that the answer was read into are not held.
    const body = joined(this.#parts.all);
    const ends = this.#ends.all;
    this.drop();
    const good = isReadable(head.rawHeaders) ? succeeded(head, body) : undefined;
    if (good ?? this.#options.statusTells) this.#options.keep({ head, body, ends, rawTrailers });
  }

  /** Nothing is kept. */
  drop(): void {
    this.#head = undefined;
    this.#parts = new Pieces();
    this.#ends = new PartEnds();
    this.#options.room.giveBack(this.#takenBytes);
    this.#takenBytes = 0;
  }

  /** Gives up where there is not so much left. */
  #take(bytes: number): void {
    const tooLarge = this.#takenBytes + bytes > limits.cachedAnswerBytes;
    if (tooLarge || !this.#options.room.take(bytes)) this.drop();
    else this.#takenBytes += bytes;
  }
}

/**
 * Whether an answer with this head may be given again. `no-cache` is not asked for: servers write it on every stream of
 * events. An answer that varies with a header that is no part of the key is not kept, nor one that ends with its
 * connection: nobody can tell whether that was broken off.
 */
function mayBeKept({ status, rawHeaders }: ResponseHead): boolean {
  const forbidden = fieldTokens(rawHeaders, "cache-control").some(
    (directive) => directive === "no-store" || directive.split("=", 1)[0] === "private",
  );
  const varies = fieldTokens(rawHeaders, "vary").some((name) => name === "*" || isIndifferent(name));
  const has = (name: string): boolean => fieldValues(rawHeaders, name).length > 0;
  const endIsTold = has("content-length") || has("transfer-encoding");
  const [length = "0"] = fieldValues(rawHeaders, "content-length");
  const tooLarge = Number(length) > limits.cachedAnswerBytes;
  return status === 200 && endIsTold && !tooLarge && !forbidden && !varies && !has("set-cookie");
}
