/** How far a body is searched for its model: to the end of the chunk in which its first `limitBytes` end. */
export class SearchBound {
  readonly #limitBytes: number;
  /** What has been searched up to now. */
  bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get reached(): boolean {
    return this.bytes >= this.#limitBytes;
  }

  /** Gives a scan the body's next chunk, unless the bound has been reached before it. */
  feed<Fed>(scan: { feed(chunk: Buffer): Fed }, chunk: Buffer): Fed | undefined {
    if (this.reached) return undefined;
    this.bytes += chunk.length;
    return scan.feed(chunk);
  }
}
