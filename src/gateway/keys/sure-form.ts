import type { SureReading } from "./sure-json.ts";

// The grammar of ordinary forms: a small part of RFC 7578's and RFC 2046's, in which no two parsers differ. What does
// not fit is refused.

const boundaryOf = /^multipart\/form-data\s*;\s*boundary=(?:"([\w'()+,./:=?-]{1,70})"|([\w'+.-]{1,70}))$/i;
// A name may not hide a line end, which some parsers see; nor may a parameter follow the file's name, such as another name.
const disposition =
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  /^content-disposition: form-data; name=(?:"([^"\\%\0-\x1f]*)"|([\w-]+))(; filename=(?:"[^"\\%\0-\x1f]*"|[\w.-]+))?$/i;
const otherLine = /^content-(?:type|length|transfer-encoding): [\w/.+;="' -]+$/i;
/** Beside its disposition, for a field that is text. */
const textLine = /^content-(?:type: text\/plain(?:; ?charset=utf-8)?|length: \d+)$/i;

const strange: SureReading = { reason: "the form is written in an unusual way" };
const notOne: SureReading = { reason: 'the form has not exactly one "model"' };

/** The one field `model` of a form that has come whole. */
export function modelOfForm(body: Buffer, contentType: string): SureReading {
  const [, quoted, bare] = boundaryOf.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  // What stands before the first boundary and behind the last one is nobody's; here nothing may.
  if (boundary === undefined || body.indexOf(`--${boundary}\r\n`) !== 0) return strange;
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  let model: string | undefined;
  let at = boundary.length + 4;
  for (;;) {
    const end = body.indexOf(delimiter, at);
    const part = end < 0 ? undefined : readPart(body.subarray(at, end));
    // Where lines may end with LF alone, a boundary within a part would be another part's beginning.
    if (part === undefined || part.value.includes(`--${boundary}`)) return strange;
    if (part.name.toLowerCase() === "model") {
      if (part.name !== "model" || !part.isText) return strange;
      if (model !== undefined) return notOne;
      model = part.value.toString("utf8");
    }
    const behind = body.toString("latin1", end + delimiter.length, end + delimiter.length + 5);
    if (behind === "--" || behind === "--\r\n") return model === undefined ? notOne : { model };
    if (!behind.startsWith("\r\n")) return strange;
    at = end + delimiter.length + 2;
  }
}

interface Part {
  readonly name: string;
  /** A plain field, and no file. */
  readonly isText: boolean;
  readonly value: Buffer;
}

function readPart(bytes: Buffer): Part | undefined {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const lines = bytes.toString("latin1", 0, head).split("\r\n");
  const [named, ...others] = lines.flatMap((line) => {
    const match = disposition.exec(line);
    return match === null ? [] : [{ name: match[1] ?? match[2] ?? "", file: match[3] }];
  });
  const rest = lines.filter((line) => !disposition.test(line));
  if (named === undefined || others.length > 0 || !rest.every((line) => otherLine.test(line)))
    return undefined;
  return {
    name: named.name,
    isText: named.file === undefined && rest.every((line) => textLine.test(line)),
    value: bytes.subarray(head + 4),
  };
}
