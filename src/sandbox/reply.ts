import type { Verified } from "./verify.ts";

/** What the sandbox's model says. One word is one token, so that the usage numbers can be checked by counting. */
export interface Reply {
  /** The text in the pieces in which a stream sends it: a word each. */
  readonly pieces: readonly string[];
  /** `length` when the request's own limit cut it short. */
  readonly finish: "stop" | "length";
  readonly promptTokens: number;
}

/**
 * Tells the caller how it was let in. The same credentials give the same text, whatever way the request took.
 * `words` makes it so long, `limit` is the request's limit in tokens.
 */
export function reply(o: {
  readonly verified: Verified;
  readonly prompt: unknown;
  readonly words: number | undefined;
  readonly limit: number | undefined;
}): Reply {
  const own = story(o.verified).split(" ");
  const wanted = o.words ?? own.length;
  const length = Math.min(wanted, o.limit ?? wanted);
  const pieces = Array.from({ length }, (_, i) => `${i === 0 ? "" : " "}${own[i % own.length] ?? ""}`);
  return { pieces, finish: length < wanted ? "length" : "stop", promptTokens: countTokens(o.prompt) };
}

function story({ client, credentials }: Verified): string {
  const token = credentials.find((name) => name !== "certificate")?.replaceAll("-", " ");
  const middle = [
    client &&
      `You showed me the client certificate ${client.commonName}, signed by the one authority that I trust: ` +
        "I checked it in the TLS handshake, before the first byte of your question reached me.",
    token !== undefined &&
      `${client ? "You also brought" : "You brought"} the right ${token}, in the Authorization header of your request.`,
    client === undefined &&
      token === undefined &&
      "You needed no credential, for I was started to demand none.",
  ];
  return [
    "Good day. I am a private endpoint, and I answer only those whom I know.",
    ...middle,
    "So here is my answer, one word at a time, as a model would write it.",
  ]
    .filter((sentence) => typeof sentence === "string")
    .join(" ");
}

/** The words of a prompt, in each shape that OpenAI's requests give it; a number is a token already. */
export function countTokens(prompt: unknown): number {
  if (typeof prompt === "string") return prompt.split(/\s+/).filter((word) => word !== "").length;
  if (typeof prompt === "number") return 1;
  if (Array.isArray(prompt)) return prompt.reduce((sum: number, part) => sum + countTokens(part), 0);
  if (typeof prompt !== "object" || prompt === null) return 0;
  const { content, text } = prompt as { content?: unknown; text?: unknown };
  return countTokens(content ?? text);
}
