import { createHash } from "node:crypto";
import { type Answer, document, refusal } from "./answer.ts";
import { countTokens } from "./reply.ts";

const usualDimensions = 384;

/** `POST /v1/embeddings`: the same input always gives the same vector, of length 1. */
export function embedding(body: Readonly<Record<string, unknown>>, model: string): Answer {
  const input = body["input"];
  if (input === undefined) return refusal(400, "Missing required parameter: 'input'.", { param: "input" });
  const dimensions = body["dimensions"] ?? usualDimensions;
  if (typeof dimensions !== "number" || !Number.isInteger(dimensions) || dimensions < 1 || dimensions > 4096)
    return refusal(400, "'dimensions' must be a whole number from 1 to 4096.", { param: "dimensions" });
  // A list of numbers is one input, given as tokens.
  const inputs: readonly unknown[] = Array.isArray(input) && typeof input[0] !== "number" ? input : [input];
  const vectors = inputs.map((text) => vector(JSON.stringify(text), dimensions));
  const tokens = countTokens(input);
  return document({
    object: "list",
    data: vectors.map((values, index) => ({
      object: "embedding",
      index,
      embedding: body["encoding_format"] === "base64" ? base64(values) : [...values],
    })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

function vector(text: string, dimensions: number): Float32Array {
  const noise = createHash("shake256", { outputLength: dimensions * 2 })
    .update(text)
    .digest();
  const raw = Array.from({ length: dimensions }, (_, i) => noise.readInt16LE(i * 2) + 0.5);
  const length = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / length);
}

/** Little-endian 32-bit floats, as OpenAI's clients read them. */
function base64(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString("base64");
}
