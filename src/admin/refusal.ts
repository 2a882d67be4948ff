import type { FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { type PosternError, problem } from "../errors.ts";
import type { AdminSources } from "./sources.ts";

/** An error of the catalogue, and the parameter of the request that it is about. */
interface Refusal {
  readonly error: PosternError;
  readonly param: string | null;
}

/**
 * Answers a request with what is wrong: OpenAI's shape, and the way out as a field of its own.
 *
 * @param known what to say of an error that is neither the catalogue's nor the request's fault
 */
export function refuse(thrown: unknown, reply: FastifyReply, known: AdminSources["known"]): FastifyReply {
  return answer(reply, faultOf(thrown, reply.request) ?? plain(known(thrown)));
}

export function refuseUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = (request.originalUrl.split("?", 1)[0] ?? "").slice(0, 100);
  return answer(reply, plain(problem("page_unknown", { method: request.method, path })));
}

function answer(reply: FastifyReply, { error, param }: Refusal): FastifyReply {
  const { message, hint, type, code, status, headers } = error;
  for (let i = 0; i + 1 < headers.length; i += 2) reply.header(headers[i] ?? "", headers[i + 1]);
  // Whatever a route was about to send: its serializer is for answers.
  return reply
    .code(status)
    .type("application/json")
    .serializer((body: unknown) => JSON.stringify(body))
    .send({ error: { message, hint, type, param, code } });
}

/** What is wrong with a request by Fastify's word, or its schemas'; undefined where it is something else. */
function faultOf(thrown: unknown, { headers }: FastifyRequest): Refusal | undefined {
  if (hasZodFastifySchemaValidationErrors(thrown)) return invalid(thrown);
  const { code } = thrown as { readonly code?: unknown };
  if (typeof code !== "string" || !code.startsWith("FST_ERR_")) return undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return plain(problem("api_body_too_large", undefined));
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE")
    return plain(problem("content_type_not_allowed", { type: typeIn(headers["content-type"]) }));
  const wrong = (where: string, reason: string): Refusal =>
    plain(problem("parameter_invalid", { where, reason }));
  if (code === "FST_ERR_BAD_URL") return wrong("the path", "it cannot be decoded");
  if (code === "FST_ERR_MAX_PARAM_LENGTH") return wrong("the path", "a name in it is too long");
  return code.startsWith("FST_ERR_CTP_") ? wrong("the body", "it is not JSON") : undefined;
}

/** What the schema of a route did not take. */
function invalid({
  validation,
  validationContext = "request",
}: {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[];
  readonly validationContext?: string | undefined;
}): Refusal {
  const [first] = validation;
  const path = (first?.instancePath ?? "").split("/").filter((step) => step !== "");
  const param = path.length === 0 ? null : path.join(".");
  const part = validationContext === "querystring" ? "query" : validationContext;
  const where = param === null ? `the ${part}` : `"${param}" in the ${part}`;
  const reason = (first?.message ?? "it has another shape").replace(/^Invalid input: /, "");
  return { error: problem("parameter_invalid", { where, reason: lowerFirst(reason) }), param };
}

const plain = (error: PosternError): Refusal => ({ error, param: error.param });
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** The media type that a header names, as far as it looks like one. */
const typeIn = (header = ""): string => /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(header)?.[0] ?? "";
