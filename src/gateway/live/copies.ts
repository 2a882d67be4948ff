/** Of a text that a client chose, in characters. */
const longest = 200;

/**
 * Copies of short texts. A text that was cut out of a request keeps all that it was cut from in memory, for as long as
 * it is kept itself. Most requests name the same few models and paths, so that a copy is made once.
 */
export class Copies {
  readonly #most: number;
  readonly #known = new Map<string, string>();

  /** @param most how many are kept before it begins anew */
  constructor(most: number) {
    this.#most = most;
  }

  /** The text's first 200 characters. */
  of(text: string): string {
    const short = text.length > longest ? text.slice(0, longest) : text;
    const known = this.#known.get(short);
    if (known !== undefined) return known;
    const copy = copyOf(short);
    if (this.#known.size >= this.#most) this.#known.clear();
    this.#known.set(copy, copy);
    return copy;
  }
}

/** The same text, in memory of its own. */
function copyOf(text: string): string {
  // eslint-disable-next-line no-control-regex
  const encoding = /^[\x00-\xff]*$/.test(text) ? "latin1" : "utf16le";
  return Buffer.from(text, encoding).toString(encoding);
}
