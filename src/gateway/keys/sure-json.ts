import { ModelScan } from "../body/model-scan.ts";

/** The model that a body names, or why that is not sure. */
export type SureReading = { readonly model: string } | { readonly reason: string };

/** The one `model` at the top level of a JSON body. */
export function modelOfJson(body: Buffer): SureReading {
  let data: unknown;
  try {
    // A byte order mark stays, and is refused: not every parser skips it.
    data = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return { reason: "the body is not JSON in UTF-8" };
  }
  const scan = new ModelScan();
  scan.feed(body);
  if (scan.ambiguous) return { reason: 'the key "model" stands there twice, escaped, or in another case' };
  const model = typeof data === "object" && data !== null && "model" in data ? data.model : undefined;
  if (typeof model !== "string" || scan.found?.model !== model)
    return { reason: 'the body has no "model" that is text at its top level' };
  return { model };
}
