import type { FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { PosternError, problem, reasonOf } from "../errors.ts";

/** An error of the catalogue, and the parameter of the request that it is about. */
interface Refusal {
  readonly error: PosternError;
  readonly param: string | null;
}

/** Answers a request with what is wrong: OpenAI's shape, and the way out as a field of its own. */
export function refuse(thrown: unknown, reply: FastifyReply): FastifyReply {
  const { error, param } = refusalOf(thrown);
  const { message, hint, type, code, status, headers } = error;
  for (let i = 0; i + 1 < headers.length; i += 2) reply.header(headers[i] ?? "", headers[i + 1]);
  // Whatever a route was about to send: its serializer is for answers.
  return reply
    .code(status)
    .type("application/json")
    .serializer((body: unknown) => JSON.stringify(body))
    .send({ error: { message, hint, type, param, code } });
}

export function refuseUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = (request.originalUrl.split("?", 1)[0] ?? "").slice(0, 100);
  return refuse(problem("page_unknown", { method: request.method, path }), reply);
}

function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof PosternError) return { error: thrown, param: thrown.param };
  if (hasZodFastifySchemaValidationErrors(thrown)) return invalid(thrown);
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return plain(problem("api_body_too_large", undefined));
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE")
    return plain(problem("content_type_not_allowed", { type: typeIn(message) }));
  if (typeof code === "string" && /^FST_ERR_(?:CTP_|BAD_URL)/.test(code))
    return plain(
      problem("parameter_invalid", {
        where: code === "FST_ERR_BAD_URL" ? "the path" : "the body",
        reason: code === "FST_ERR_BAD_URL" ? "it cannot be decoded" : "it is not JSON",
      }),
    );
  return plain(problem("internal", { reason: reasonOf(thrown) }, thrown));
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

/** Fastify names the type that it does not take: "Unsupported Media Type: text/html". */
const typeIn = (message: unknown): string =>
  typeof message === "string" ? (/: ?(?<type>[\w.+/-]{1,80})$/.exec(message)?.groups?.["type"] ?? "") : "";
