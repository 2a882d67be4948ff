const LINE_FEED = 0x0a;
const SMALL_D = 0x64;

/**
 * Counts the events of a stream that have passed, by their lines of data: of the fields of an event only `data` begins
 * with a d, and comments count as nothing. Looks from line to line, and so at few of the bytes.
 */
export class EventCount {
  seen = 0;
  #atLineStart = true;

  /** Takes the next part of the stream: the bytes from `from` up to, but not including, `to`. */
  take(bytes: Buffer, from: number, to: number): void {
    if (from === to) return;
    if (this.#atLineStart && bytes[from] === SMALL_D) this.seen += 1;
    for (
      let at = bytes.indexOf(LINE_FEED, from);
      at >= 0 && at < to - 1;
      at = bytes.indexOf(LINE_FEED, at + 1)
    )
      if (bytes[at + 1] === SMALL_D) this.seen += 1;
    this.#atLineStart = bytes[to - 1] === LINE_FEED;
  }
}
