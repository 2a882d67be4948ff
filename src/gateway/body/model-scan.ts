import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  isSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  standsForItself,
} from "../json-text.ts";
import { limits } from "../limits.ts";

/** The value of a body's `model`, and the bytes where it stands (for JSON, its quotes included). */
export interface FoundModel {
  readonly model: string;
  readonly from: number;
  readonly to: number;
}

const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const BOM = [0xef, 0xbb, 0xbf] as const;

/** So far the end of a run of text is looked for byte by byte. */
const nearBytes = 64;

/** What a string at the top level is, by where it stands. */
type Role = "key" | "model" | "other";

/**
 * Finds the top-level `model` of a JSON body as the body arrives, without parsing or holding the rest: strings are
 * skipped by `indexOf`, everything deeper by counting brackets. It judges nothing but what it needs; whether the
 * JSON is well formed is the endpoint's to say. Where `model` stands more than once in what was read, the last one
 * counts, as it does for JSON parsers.
 */
export class ModelScan {
  /** Set once a top-level `model` with a string value has been read. */
  found: FoundModel | undefined;
  /** Parsers can differ over which value counts: the key stands there twice, escaped, or in another case. */
  ambiguous = false;
  /** Why no model can come any more. */
  hopeless: string | undefined;
  #offset = 0;
  #depth = 0;
  #begun = false;
  #over = false;
  #inString = false;
  #escaped = false;
  #role: Role = "other";
  #expectKey = false;
  #key: string | undefined;
  #keyed = false;
  /** Bytes of the string being read, when its value matters. */
  #captured: Buffer[] = [];
  #capturedBytes = 0;
  #from = 0;

  /** The body has ended. */
  end(): void {
    if (this.found === undefined && !this.#over)
      this.hopeless ??= this.#begun ? "the JSON ends early" : "it is empty";
  }

  /** Takes the next bytes of the body. */
  feed(chunk: Buffer): undefined {
    let i = 0;
    if (!this.#begun) i = this.#begin(chunk);
    // A far quote or backslash is looked for once, and again only when passed: base64 has no backslash for megabytes.
    let slash = -2;
    let quote = -2;
    while (i < chunk.length && !this.#over && this.hopeless === undefined) {
      if (!this.#inString) {
        i = this.#readStructure(chunk, i);
        continue;
      }
      if (this.#escaped) {
        this.#escaped = false;
        this.#capture(chunk, i, i + 1);
        i += 1;
        continue;
      }
      // In source code and the like the next one is near, and a call of `indexOf` takes longer than the way there.
      const near = Math.min(i + nearBytes, chunk.length);
      let end = i;
      while (end < near && chunk[end] !== QUOTE && chunk[end] !== BACKSLASH) end += 1;
      if (end === near) {
        if (quote !== -1 && quote < end) quote = chunk.indexOf(QUOTE, end);
        if (slash !== -1 && slash < end) slash = chunk.indexOf(BACKSLASH, end);
        end = Math.min(quote < 0 ? chunk.length : quote, slash < 0 ? chunk.length : slash);
      }
      if (chunk[end] === BACKSLASH) {
        this.#capture(chunk, i, end + 1);
        this.#escaped = true;
      } else {
        this.#capture(chunk, i, end);
        if (end < chunk.length) this.#endString(this.#offset + end + 1);
      }
      i = end + 1;
    }
    this.#offset += chunk.length;
  }

  #begin(chunk: Buffer): number {
    let i = 0;
    while (i < chunk.length) {
      const byte = chunk[i] ?? 0;
      if (byte === OPEN_BRACE) {
        this.#begun = true;
        return i;
      }
      const ofBom = this.#offset + i < BOM.length && byte === BOM[this.#offset + i];
      if (!ofBom && !isSpace(byte)) {
        this.#begun = true;
        this.hopeless = "it is not a JSON object";
        return i;
      }
      i += 1;
    }
    return i;
  }

  #readStructure(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    switch (byte) {
      case QUOTE:
        this.#beginString(this.#offset + at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.#depth += 1;
        this.#expectKey = this.#depth === 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.#depth -= 1;
        this.#over = this.#depth === 0;
        break;
      case COLON:
        if (this.#depth === 1) this.#expectKey = false;
        break;
      case COMMA:
        if (this.#depth === 1) {
          this.#expectKey = true;
          this.#key = undefined;
        }
        break;
      default:
        break;
    }
    return at + 1;
  }

  #beginString(from: number): void {
    this.#inString = true;
    this.#from = from;
    this.#captured = [];
    this.#capturedBytes = 0;
    if (this.#depth !== 1) this.#role = "other";
    else if (this.#expectKey) this.#role = "key";
    else this.#role = this.#key === "model" ? "model" : "other";
  }

  #capture(chunk: Buffer, from: number, to: number): void {
    // Longer strings can be neither the key nor a model's name.
    if (this.#role === "other" || this.#capturedBytes > limits.modelBytes) return;
    this.#captured.push(chunk.subarray(from, to));
    this.#capturedBytes += to - from;
  }

  #endString(to: number): void {
    this.#inString = false;
    if (this.#role === "other") return;
    const text = this.#text();
    if (this.#role === "key") {
      this.#key = text;
      // Go's parser matches keys without their case.
      if (text?.toLowerCase() === "model") {
        this.ambiguous ||= this.#keyed || this.#capturedBytes !== "model".length || text !== "model";
        this.#keyed = true;
      }
      // Whatever follows it is the value that counts now.
      if (text === "model") this.found = undefined;
    } else if (text === undefined) this.hopeless = "the model's name is too long or malformed";
    else this.found = { model: text, from: this.#from, to };
  }

  /** The captured string, escapes undone; nothing when it is too long or not JSON. */
  #text(): string | undefined {
    if (this.#capturedBytes > limits.modelBytes) return undefined;
    const [first, ...others] = this.#captured;
    if (first === undefined) return "";
    const bytes = others.length === 0 ? first : Buffer.concat(this.#captured);
    const text = bytes.toString("utf8");
    if (standsForItself(text)) return text;
    try {
      const value: unknown = JSON.parse(`"${text}"`);
      return typeof value === "string" ? value : undefined;
    } catch {
      return undefined;
    }
  }
}
