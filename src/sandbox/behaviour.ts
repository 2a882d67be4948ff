/** How a sandbox answers one request, as the request's header `x-sandbox` asks for it. */
export interface Behaviour {
  /** Before the answer's headers. */
  readonly delayMs: number;
  /** Between two chunks of a stream. */
  readonly paceMs: number;
  /** Answer with this status instead, 400 to 599. */
  readonly fail?: number;
  /** Destroy the connection after so many chunks of a stream; an answer that is no stream is cut in its middle. */
  readonly breakAfter?: number;
  /** Never answer. */
  readonly hang: boolean;
  /** How many words the answer has, instead of its own text's. */
  readonly words?: number;
}

/** At once, in full and as fast as the client reads. */
export const plain: Behaviour = { delayMs: 0, paceMs: 0, hang: false };

type Draft = { -readonly [K in keyof Behaviour]: Behaviour[K] };

/** Per word of the grammar: its form, and what it sets. */
const words: Readonly<Record<string, { form: string; set: (to: Draft, value: string) => boolean }>> = {
  delay: { form: "delay=500ms or delay=2s", set: (to, value) => duration(value, (ms) => (to.delayMs = ms)) },
  pace: { form: "pace=20ms", set: (to, value) => duration(value, (ms) => (to.paceMs = ms)) },
  fail: { form: "fail=503 (400 to 599)", set: (to, value) => whole(value, 400, 599, (n) => (to.fail = n)) },
  "break-after": {
    form: "break-after=3",
    set: (to, value) => whole(value, 0, 1_000_000, (n) => (to.breakAfter = n)),
  },
  hang: { form: "hang", set: (to, value) => value === "" && (to.hang = true) },
  length: {
    form: "length=200 (words, 1 to 1000000)",
    set: (to, value) => whole(value, 1, 1_000_000, (n) => (to.words = n)),
  },
};

/** Reads the header `x-sandbox`: words with commas between them. Returns what is wrong with it, as a sentence. */
export function readBehaviour(header: string | undefined): Behaviour | string {
  const behaviour: Draft = { ...plain };
  for (const part of (header ?? "").split(",").map((text) => text.trim())) {
    if (part === "") continue;
    const [name = "", value = ""] = part.split("=", 2);
    const word = Object.hasOwn(words, name) ? words[name] : undefined;
    if (word === undefined)
      return `x-sandbox does not know "${name}"; it knows ${Object.keys(words).join(", ")}`;
    if (!word.set(behaviour, value)) return `x-sandbox cannot read "${part}"; write ${word.form}`;
  }
  return behaviour;
}

function duration(value: string, set: (ms: number) => void): boolean {
  const [, count, unit] = /^(\d{1,6})(ms|s)$/.exec(value) ?? [];
  if (count === undefined) return false;
  set(Number(count) * (unit === "s" ? 1000 : 1));
  return true;
}

function whole(value: string, min: number, max: number, set: (n: number) => void): boolean {
  const n = /^\d{1,7}$/.test(value) ? Number(value) : Number.NaN;
  if (!(n >= min && n <= max)) return false;
  set(n);
  return true;
}
