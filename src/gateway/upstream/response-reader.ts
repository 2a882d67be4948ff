import { CRLF, hexValue } from "./chunks.ts";
import { limits } from "../limits.ts";
import { fieldTokens, fieldValues, lineEnd, trimmed } from "../message.ts";

/** The head of an answer, as it came. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Names and values in turn, in the order, case and number in which they came; Latin-1 text. */
  readonly rawHeaders: readonly string[];
}

/** Who receives an answer as it is read. */
export interface ResponseSink {
  /** A 1xx answer before the real one (RFC 9110 §15.2). */
  informational(head: ResponseHead): void;
  head(head: ResponseHead): void;
  data(chunk: Buffer): void;
  /** Whether it takes chunks in their framing where they are whole; asked behind the head. */
  readonly takesFramed?: boolean;
  /** Whole chunks as they came, `size CRLF data CRLF`, one or several, with so many bytes of content. */
  framed?(chunks: Buffer, bytes: number): void;
  /** The answer is complete. Trailers are names and values in turn. */
  end(rawTrailers: readonly string[]): void;
}

/** The bytes are not an HTTP/1.1 answer; the message says why. The connection must not be used again. */
export class WireError extends Error {}

// White space around the value is cut off by `trimmed`: a pattern for it takes quadratic time on long runs of blanks.
const fieldLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;
const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const chunkLine = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

/** The fields of a section, whose lines begin at `from`. */
function parseFields(text: string, from: number): string[] {
  const fields: string[] = [];
  for (let at = from; at < text.length;) {
    const end = lineEnd(text, at);
    const line = text.slice(at, end);
    // A line that continues the one before (obs-fold, RFC 9112 §5.2) fails here too: it begins with white space.
    if (!fieldLine.test(line)) throw new WireError("a header line is malformed");
    const colon = line.indexOf(":");
    fields.push(line.slice(0, colon), trimmed(line.slice(colon + 1)));
    at = end + CRLF.length;
  }
  return fields;
}

const HEAD_END = Buffer.from("\r\n\r\n");

type State =
  | "head"
  | "length"
  | "chunk-size"
  | "chunk-data"
  | "chunk-end"
  | "trailers"
  | "until-close"
  | "done";

const isCrlfAt = (bytes: Buffer, at: number): boolean => bytes[at] === 0x0d && bytes[at + 1] === 0x0a;

/**
 * Reads one HTTP/1.1 answer from the bytes of a connection, strictly (RFC 9112): what two parsers could read in two
 * ways is refused. Body bytes are passed on as slices of what arrived, never copied or decoded.
 */
export class ResponseReader {
  readonly #sink: ResponseSink;
  readonly #bodiless: boolean;
  readonly #switched: ((head: ResponseHead, rest: Buffer) => void) | undefined;
  #state: State = "head";
  /** Bytes of a line or head that has not ended yet. */
  #pending: Buffer | undefined;
  /** Body or chunk bytes still to come. */
  #left = 0;
  /** Of the interim answers that have come. */
  #interimBytes = 0;
  /** Whether the connection can carry another request after this answer. */
  keepAlive = false;
  /** How long the server says it keeps an idle connection (`Keep-Alive: timeout=…`), in milliseconds. */
  keepAliveHintMs: number | undefined;

  /**
   * @param method of the request: an answer to HEAD has no body whatever its headers say
   * @param switched takes the connection over when the request asked for another protocol and the answer is 101; its
   * second argument is what came behind the head, in that protocol
   */
  constructor(method: string, sink: ResponseSink, switched?: (head: ResponseHead, rest: Buffer) => void) {
    this.#bodiless = method === "HEAD";
    this.#sink = sink;
    this.#switched = switched;
  }

  get done(): boolean {
    return this.#state === "done";
  }

  /** Takes the next bytes. Throws WireError when they cannot belong to an answer. */
  read(chunk: Buffer): void {
    let rest: Buffer | undefined = chunk;
    while (rest !== undefined && rest.length > 0) {
      switch (this.#state) {
        case "head":
          rest = this.#readHead(rest);
          break;
        case "length":
        case "chunk-data":
          rest = this.#readCounted(rest);
          break;
        case "chunk-size":
          rest = this.#readFramed(rest);
          break;
        case "chunk-end":
          rest = this.#readLine(rest);
          break;
        case "trailers":
          rest = this.#readTrailers(rest);
          break;
        case "until-close":
          this.#sink.data(rest);
          return;
        case "done":
          // Nothing was asked for, so nothing may come: whatever this is, it must not answer the next request.
          this.keepAlive = false;
          throw new WireError("bytes follow the end of the answer");
      }
    }
  }

  /** The server has ended the connection. Throws WireError when the answer was not complete. */
  close(): void {
    this.keepAlive = false;
    if (this.#state === "done") return;
    if (this.#state !== "until-close") throw new WireError("the connection ended inside the answer");
    this.#finish([]);
  }

  /** The bytes up to `end` and what follows it, or nothing while `end` has not come. */
  #until(
    rest: Buffer,
    end: Buffer,
    limit: number,
    what: string,
  ): { text: string; after: Buffer } | undefined {
    const from = this.#pending === undefined ? 0 : Math.max(0, this.#pending.length - end.length + 1);
    const bytes = this.#pending === undefined ? rest : Buffer.concat([this.#pending, rest]);
    const at = bytes.indexOf(end, from);
    // Where the end has not come, its first bytes may have.
    if ((at < 0 ? bytes.length - end.length + 1 : at) > limit)
      throw new WireError(`${what} is longer than ${limit} bytes`);
    this.#pending = at < 0 ? bytes : undefined;
    return at < 0
      ? undefined
      : { text: bytes.toString("latin1", 0, at), after: bytes.subarray(at + end.length) };
  }

  #readHead(rest: Buffer): Buffer | undefined {
    const found = this.#until(rest, HEAD_END, limits.responseHeadBytes, "the answer's head");
    if (found === undefined) {
      if (this.#pending !== undefined && !"HTTP/1.".startsWith(this.#pending.toString("latin1", 0, 7)))
        throw new WireError("it does not begin with HTTP/1.1");
      return undefined;
    }
    const { text } = found;
    const end = lineEnd(text, 0);
    const match = statusLine.exec(text.slice(0, end));
    if (match === null) throw new WireError("the status line is malformed");
    const rawHeaders = parseFields(text, end + CRLF.length);
    const head = { status: Number(match[2]), reason: match[3] ?? "", rawHeaders };
    if (head.status === 101) {
      if (this.#switched === undefined) throw new WireError("it switched protocols without being asked");
      this.#state = "done";
      this.#switched(head, found.after);
      return undefined;
    }
    if (head.status < 200) this.#interim(head, text.length + HEAD_END.length);
    else this.#begin(head, match[1] === "1");
    return found.after;
  }

  #interim(head: ResponseHead, bytes: number): void {
    // They reach a client at once, and wait for it in memory where it does not read.
    this.#interimBytes += bytes;
    if (this.#interimBytes > limits.responseHeadBytes)
      throw new WireError(`its interim answers (1xx) are longer than ${limits.responseHeadBytes} bytes`);
    this.#sink.informational(head);
  }

  /** Decides how the body ends (RFC 9112 §6.3) and whether the connection stays (§9.3). */
  #begin(head: ResponseHead, http11: boolean): void {
    const { status, rawHeaders } = head;
    const codings = fieldTokens(rawHeaders, "transfer-encoding");
    const lengths = fieldValues(rawHeaders, "content-length");
    const length = lengths[0];
    const connection = fieldTokens(rawHeaders, "connection");
    this.keepAlive = !connection.includes("close") && (http11 || connection.includes("keep-alive"));
    const [parameters] = fieldValues(rawHeaders, "keep-alive");
    const hint = parameters === undefined ? null : /(?:^|[ ,;])timeout=([0-9]{1,6})/i.exec(parameters);
    this.keepAliveHintMs = hint === null ? undefined : Number(hint[1]) * 1000;

    if (codings.length > 0 && lengths.length > 0)
      throw new WireError("it has Content-Length and Transfer-Encoding");
    if (codings.length > 0 && (codings.length > 1 || codings[0] !== "chunked" || !http11))
      throw new WireError("its Transfer-Encoding is not exactly chunked");
    if (lengths.length > 1) throw new WireError("it has more than one Content-Length");
    if (length !== undefined && !/^[0-9]{1,15}$/.test(length))
      throw new WireError("its Content-Length is not a number");

    // A 204 has no body (RFC 9110 §15.3.5). Where one is announced it may come all the same, for the next request.
    if (status === 204 && (codings.length > 0 || Number(length ?? 0) > 0)) this.keepAlive = false;

    this.#sink.head(head);
    if (this.#bodiless || status === 204 || status === 304) this.#finish([]);
    else if (codings.length > 0) this.#state = "chunk-size";
    else if (length === undefined) {
      this.#state = "until-close";
      this.keepAlive = false;
    } else if (Number(length) === 0) this.#finish([]);
    else {
      this.#state = "length";
      this.#left = Number(length);
    }
  }

  #readCounted(rest: Buffer): Buffer | undefined {
    const part = rest.length <= this.#left ? rest : rest.subarray(0, this.#left);
    this.#left -= part.length;
    this.#sink.data(part);
    if (this.#left === 0) {
      if (this.#state === "length") this.#finish([]);
      else this.#state = "chunk-end";
    }
    return part.length === rest.length ? undefined : rest.subarray(part.length);
  }

  /** Whole chunks at once, for a sink that takes them so; whatever is not a plain whole chunk by its lines. */
  #readFramed(rest: Buffer): Buffer | undefined {
    if (this.#pending !== undefined || this.#sink.takesFramed !== true) return this.#readLine(rest);
    let at = 0;
    let bytes = 0;
    for (;;) {
      let line = at;
      let size = 0;
      for (let digit = hexValue(rest[line]); digit >= 0 && line - at < 8; digit = hexValue(rest[line])) {
        size = size * 16 + digit;
        line += 1;
      }
      const end = line + CRLF.length + size + CRLF.length;
      if (size === 0 || end > rest.length || !isCrlfAt(rest, line) || !isCrlfAt(rest, end - 2)) break;
      at = end;
      bytes += size;
    }
    if (at === 0) return this.#readLine(rest);
    this.#sink.framed?.(at === rest.length ? rest : rest.subarray(0, at), bytes);
    return at === rest.length ? undefined : rest.subarray(at);
  }

  #readLine(rest: Buffer): Buffer | undefined {
    const found = this.#until(rest, CRLF, limits.chunkLineBytes, "a chunk's size line");
    if (found === undefined) return undefined;
    if (this.#state === "chunk-end") {
      if (found.text !== "") throw new WireError("a chunk is longer than its size");
      this.#state = "chunk-size";
      return found.after;
    }
    const match = chunkLine.exec(found.text);
    if (match === null) throw new WireError("a chunk's size is malformed");
    this.#left = Number.parseInt(match[1] ?? "", 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk-data";
    return found.after;
  }

  #readTrailers(rest: Buffer): Buffer | undefined {
    // Without trailers the section is one empty line, so the end is looked for behind the CRLF that ended the size.
    const bytes = this.#pending === undefined ? rest : Buffer.concat([this.#pending, rest]);
    this.#pending = undefined;
    if (bytes.length >= 2 && bytes[0] === 0x0d && bytes[1] === 0x0a) {
      this.#finish([]);
      return bytes.subarray(2);
    }
    const found = this.#until(bytes, HEAD_END, limits.responseHeadBytes, "the trailer section");
    if (found === undefined) return undefined;
    this.#finish(parseFields(found.text, 0));
    return found.after;
  }

  #finish(rawTrailers: readonly string[]): void {
    this.#state = "done";
    this.#sink.end(rawTrailers);
  }
}
