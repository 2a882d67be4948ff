import { lowerCased } from "./header-name.ts";

/** All values of one header, by its lower-case name. */
export function fieldValues(rawHeaders: readonly string[], name: string): readonly string[] {
  let values: string[] | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const other = rawHeaders[i] ?? "";
    if (other.length === name.length && lowerCased(other) === name)
      (values ??= []).push(rawHeaders[i + 1] ?? "");
  }
  return values ?? none;
}

const none: readonly string[] = Object.freeze([]);

/** The members of a comma-separated header, in lower case. */
export function fieldTokens(rawHeaders: readonly string[], name: string): readonly string[] {
  const values = fieldValues(rawHeaders, name);
  // Most messages have none of those that are asked for, or one with one member.
  if (values.length === 0) return values;
  const [only = ""] = values;
  if (values.length === 1 && !only.includes(",")) return [trimmed(only.toLowerCase())];
  return values.flatMap((value) => value.toLowerCase().split(",").map(trimmed));
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** Text without optional white space around it (RFC 9110 §5.6.3): `trim` would also take what is none, such as 0xA0. */
export function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** Where the line ends that begins at `from`, or the text. */
export function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\r\n", from);
  return end < 0 ? text.length : end;
}

/** The text of a message's head: its first line, and its headers, names and values in turn. */
export function headText(firstLine: string, ...headers: readonly (readonly string[])[]): string {
  let text = `${firstLine}\r\n`;
  for (const some of headers)
    for (let i = 0; i < some.length; i += 2) text += `${some[i]}: ${some[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** A head, as text, and bytes behind it, as one buffer: so they leave in one TLS record, and with one copy. */
export function joinedBehind(head: string, parts: readonly Buffer[]): Buffer {
  let bytes = head.length;
  for (const part of parts) bytes += part.length;
  const whole = Buffer.allocUnsafe(bytes);
  let at = whole.write(head, "latin1");
  for (const part of parts) at += part.copy(whole, at);
  return whole;
}
