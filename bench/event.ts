/** What the upstream can be asked for; the model's name carries it through every contender. */
export type Manner =
  /** One JSON answer of about 1 KB. */
  | "answer"
  /** A stream of events that are the same each time. */
  | "fixed"
  /** Events as fast as they are taken, until the client leaves. */
  | "burst"
  /** An event every 30 ms, with its time of sending, until the client leaves. */
  | "paced";

/** The length of each event of a stream, in bytes: what a token costs in OpenAI's format. */
export const eventBytes = 200;

const before = 'data: {"t":"';
const after = '","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"';
const end = '"}}]}\n\n';

/** Where an event's time of sending stands in it, in decimal digits. */
export const stamp = { from: before.length, digits: 12 } as const;

/** The model's name before the manner. */
const family = "bench/";

export const modelOf = (manner: Manner): string => family + manner;

/** One event of a stream. `timeUs` is a time of `clockUs`. */
export function eventOf(timeUs: number): string {
  const head = before + String(Math.trunc(timeUs)).padStart(stamp.digits, "0") + after;
  return head.padEnd(eventBytes - end.length, "a token ") + end;
}

/** The monotonic clock that all processes of this machine share, in µs. */
export function clockUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** The body of a request, of about 300 bytes. */
export function question(manner: Manner): string {
  const system =
    "You are a benchmark's assistant: your answers have always the same length, whatever you are asked.";
  const user = "How many gates has the fortress, and which of them is the small one in the wall?";
  return JSON.stringify({
    model: modelOf(manner),
    stream: manner !== "answer",
    messages: [
      { role: "system", content: system },
      { role: "user", content: user },
    ],
  });
}

/** The manner that a request's body asks for; undefined when it names none. */
export function mannerIn(body: Buffer): string | undefined {
  const name = `"model":"${family}`;
  const at = body.indexOf(name);
  if (at < 0) return undefined;
  const from = at + name.length;
  return body.toString("latin1", from, body.indexOf(0x22, from));
}
