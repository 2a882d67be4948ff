import type { AnswerCache, Recording } from "./cache.ts";
import { cacheKey, type CacheQuestion } from "./cache-key.ts";
import { Passing } from "../upstream/passing.ts";
import type { CacheResult } from "../record.ts";
import { cacheHeader, Replay } from "./replay.ts";
import type { Exchange, ExchangeSink } from "../upstream/upstream.ts";
import type { ResponseHead } from "../upstream/wire.ts";

/**
 * Answers a request from a cache, or sends it and lets the cache hear the answer.
 *
 * @param told what the cache did
 */
export function sendCached(
  cache: AnswerCache,
  question: CacheQuestion,
  send: (sink: ExchangeSink) => Exchange,
  sink: ExchangeSink,
  told: (result: CacheResult) => void,
): Exchange {
  const asked = cacheKey(question);
  if (asked === undefined) {
    told("bypass");
    return send(new Overheard(sink, "bypass", undefined));
  }
  const found = asked.refresh ? undefined : cache.find(asked.key);
  told(found === undefined ? "miss" : "hit");
  if (found !== undefined) return new Replay(found.answer, found.ageSeconds, sink);
  return send(new Overheard(sink, "miss", cache.record(asked.key)));
}

/** An answer on its way, which says what the cache did, and which the cache may keep. */
class Overheard extends Passing {
  readonly #result: CacheResult;
  readonly #recording: Recording | undefined;

  constructor(sink: ExchangeSink, result: CacheResult, recording: Recording | undefined) {
    super(sink);
    this.#result = result;
    this.#recording = recording;
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
}
