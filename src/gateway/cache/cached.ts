import type { AnswerCache } from "./cache.ts";
import { cacheKey, type CacheQuestion } from "./cache-key.ts";
import { Passing } from "../upstream/passing.ts";
import type { CacheResult } from "../record.ts";
import type { Failure } from "../upstream/failure.ts";
import type { Recording } from "./recording.ts";
import { asksForEmbeddings } from "./repeatable.ts";
import { cacheHeader, Replay } from "./replay.ts";
import type { Exchange, ExchangeSink } from "../upstream/exchange.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

/** What a cache does for a request, and what has it answered so. */
interface Consulted {
  readonly result: CacheResult;
  readonly send: (sink: ExchangeSink) => Exchange;
}

/**
 * Asks a cache for the answer to a request. Without one the request is to be sent, and the cache hears what comes.
 *
 * @param send sends the request to its endpoint
 */
export function consult(cache: AnswerCache, question: CacheQuestion, send: Consulted["send"]): Consulted {
  const asked = cacheKey(question);
  if (asked === undefined)
    return { result: "bypass", send: (sink) => new Overheard(sink, "bypass", undefined, send) };
  const found = asked.refresh ? undefined : cache.find(asked.key);
  if (found !== undefined)
    return { result: "hit", send: (sink) => new Replay(found.answer, found.ageSeconds, sink) };
  // Servers tell with the status whether embeddings failed.
  const statusTells = asksForEmbeddings(question.path);
  const record = (): Recording => cache.record(asked.key, statusTells);
  return { result: "miss", send: (sink) => new Overheard(sink, "miss", record(), send) };
}

/** An answer on its way, which says what the cache did, and which the cache may keep. */
class Overheard extends Passing implements Exchange {
  readonly #result: CacheResult;
  readonly #recording: Recording | undefined;
  readonly #exchange: Exchange;

  constructor(
    sink: ExchangeSink,
    result: CacheResult,
    recording: Recording | undefined,
    send: Consulted["send"],
  ) {
    super(sink);
    this.#result = result;
    this.#recording = recording;
    this.#exchange = send(this);
  }

  abort(): void {
    this.#recording?.drop();
    this.#exchange.abort();
  }

  pause(): void {
    this.#exchange.pause();
  }

  resume(): void {
    this.#exchange.resume();
  }

  override head(head: ResponseHead): void {
    this.#recording?.head(head);
    super.head({ ...head, rawHeaders: [...head.rawHeaders, cacheHeader, this.#result] });
  }

  override data(part: Buffer): void {
    this.#recording?.data(part);
    super.data(part);
  }

  override framed(chunks: Buffer, bytes: number): void {
    this.#recording?.framed(chunks);
    super.framed(chunks, bytes);
  }

  override end(rawTrailers: readonly string[]): void {
    this.#recording?.end(rawTrailers);
    super.end(rawTrailers);
  }

  override failed(failure: Failure): void {
    this.#recording?.drop();
    super.failed(failure);
  }
}
