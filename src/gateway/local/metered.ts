import { type Readable, Transform, type TransformCallback } from "node:stream";
import { formatSize } from "../../config/quantities.ts";
import { PosternError, problem } from "../../errors.ts";

/**
 * A body whose length its client does not say, cut off where it grows too large: the stream fails then with
 * body_too_large. It ends early, as its source does, when the client leaves.
 */
export class Metered extends Transform {
  readonly #source: Readable;
  readonly #most: number;
  #bytes = 0;

  constructor(source: Readable, mostBytes: number) {
    super();
    this.#source = source;
    this.#most = mostBytes;
    // Whoever reads at the moment is told of an error; between two readers, the next one looks for it.
    this.on("error", () => {});
    source.once("close", () => {
      if (!source.readableEnded) this.destroy();
    });
    source.pipe(this);
  }

  /** For who takes the bytes as they come, and not from `error` events. */
  onTooLarge(told: (error: PosternError) => void): void {
    const tell = (error: Error | null): void => {
      if (error instanceof PosternError) told(error);
    };
    tell(this.errored);
    this.on("error", tell);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, taken: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#most) {
      taken(null, chunk);
      return;
    }
    this.#source.unpipe(this);
    taken(problem("body_too_large", { limit: formatSize(this.#most) }));
  }
}
