import { formatSize } from "../../config/quantities.ts";
import { problem } from "../../errors.ts";
import type { IncomingRequest } from "../local/incoming-request.ts";
import { readWhole } from "../body/body.ts";
import { modelOfForm } from "./sure-form.ts";
import { modelOfJson } from "./sure-json.ts";
import { fieldValues } from "../message.ts";

// Where a permission depends on the model, it is not enough that most parsers would read this one: what any parser
// could read in another way is refused.

const jsonType = /^application\/(?:[a-z0-9.-]+\+)?json(?:\s*;\s*charset=("?)utf-8\1)?$/i;

const unsure = (reason: string): Error => problem("model_ambiguous", { reason });

/** A request whose body has been read, and the one model that it can name. */
export interface Sure {
  readonly incoming: IncomingRequest;
  readonly model: string;
}

/**
 * Reads a request's body whole, and its model as every endpoint reads it.
 *
 * @throws PosternError model_ambiguous, bodies_exhausted, body_too_large, request_timeout
 * @throws ClientLeft
 */
export async function sureModel(incoming: IncomingRequest, limitBytes: number): Promise<Sure> {
  const { content, rawHeaders } = incoming;
  if (content === undefined) throw unsure("it has no body");
  if (fieldValues(rawHeaders, "content-encoding").some((coding) => coding.toLowerCase() !== "identity"))
    throw unsure("the body is compressed");
  const [type = "", ...others] = fieldValues(rawHeaders, "content-type");
  if (others.length > 0) throw unsure("Content-Type stands there more than once");
  const isForm = /^multipart\/form-data\s*;/i.test(type);
  if (!isForm && !jsonType.test(type))
    throw unsure("its Content-Type is neither application/json nor a form's");
  const body = await readWhole(content, limitBytes);
  if (body === undefined) throw unsure(`the body is longer than limits.peek (${formatSize(limitBytes)})`);
  const reading = isForm ? modelOfForm(body, type) : modelOfJson(body);
  if ("reason" in reading) throw unsure(reading.reason);
  const { holding } = content;
  const read = { ...incoming, content: { length: body.length, source: body, holding } };
  return { incoming: read, model: reading.model };
}
