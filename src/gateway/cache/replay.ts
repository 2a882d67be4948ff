import type { Answer } from "./answer.ts";
import type { ResponseHead, ResponseSink } from "../upstream/response-reader.ts";

/** The header that says what the cache did. */
export const cacheHeader = "X-Postern-Cache";

/** Who receives an answer from the cache; as an answer of an endpoint, it is told part by part. */
export interface ReplaySink extends Pick<ResponseSink, "head" | "data" | "end"> {
  /** All of the answer that there is so far has been told. May call `pause`. */
  flush(): void;
}

/** Gives an answer again, in the parts in which it came, as fast as its receiver takes it. */
export class Replay {
  readonly #answer: Answer;
  readonly #ageSeconds: number;
  readonly #sink: ReplaySink;
  /** The part that comes next. */
  #next = 0;
  #begun = false;
  #paused = false;
  #over = false;

  /** Begins as soon as the present task is done, so that its maker can hand it on before. */
  constructor(answer: Answer, ageSeconds: number, sink: ReplaySink) {
    this.#answer = answer;
    this.#ageSeconds = ageSeconds;
    this.#sink = sink;
    queueMicrotask(() => this.#run());
  }

  abort(): void {
    this.#over = true;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    queueMicrotask(() => this.#run());
  }

  #run(): void {
    const { head, body, ends, rawTrailers } = this.#answer;
    if (!this.#begun && !this.#over) {
      this.#begun = true;
      this.#sink.head(aged(head, this.#ageSeconds));
    }
    while (!this.#over && !this.#paused && this.#next < ends.length) {
      const part = body.subarray(ends[this.#next - 1] ?? 0, ends[this.#next]);
      this.#next += 1;
      this.#sink.data(part);
      this.#sink.flush();
    }
    if (this.#over || this.#paused) return;
    this.#over = true;
    this.#sink.end(rawTrailers);
  }
}

/** The head with its age (RFC 9111 §5.1), and with where it came from. */
function aged(head: ResponseHead, ageSeconds: number): ResponseHead {
  const rawHeaders: string[] = [];
  let before = 0;
  for (let at = 0; at < head.rawHeaders.length; at += 2) {
    const [name = "", value = ""] = head.rawHeaders.slice(at, at + 2);
    if (name.toLowerCase() === "age") before = /^\d{1,9}$/.test(value) ? Number(value) : 0;
    else rawHeaders.push(name, value);
  }
  rawHeaders.push("Age", String(before + ageSeconds), cacheHeader, "hit");
  return { ...head, rawHeaders };
}
