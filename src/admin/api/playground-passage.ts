import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request, type RequestOptions } from "node:http";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as z from "zod";
import { catalogue, type Code } from "../../errors/catalogue.ts";
import { PosternError, problem, reasonOf } from "../../errors.ts";
import type { AdminSources } from "../sources.ts";

/** What the console sends to an endpoint. */
interface Sent {
  /** Under which the request stands in the log and on the page "Live". */
  readonly requestId: string;
  readonly endpoint: string;
  /** Below the endpoint's `/v1`. */
  readonly path: "/chat/completions" | "/models";
  readonly body?: unknown;
}

/** What the endpoint answers. */
export interface Passed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable | Buffer;
}

/** An error of the gateway's own is far shorter. */
const mostErrorBytes = 64 * 1024;

/**
 * Sends a request to the gateway's own front door, as every application does: it is routed, recorded and metered like
 * any other. When the signal aborts, the gateway sees its client leave, and so does the endpoint.
 *
 * @throws PosternError gateway_out_of_reach, upstream_closed, and whatever the gateway itself refuses the request with
 */
export async function pass(
  { listen, key }: AdminSources["gateway"],
  { requestId, endpoint, path, body }: Sent,
  signal: AbortSignal,
): Promise<Passed> {
  const asked = request({
    ...placeOf(listen()[0] ?? ""),
    method: body === undefined ? "GET" : "POST",
    path: `/${endpoint}/v1${path}`,
    // A connection of its own: what ends it is then never another request's.
    agent: false,
    signal,
    headers: {
      // A listener for other machines has an address that is no name to call it by.
      Host: "localhost",
      Authorization: `Bearer ${key.expose()}`,
      "X-Request-Id": requestId,
      ...(body !== undefined && { "Content-Type": "application/json" }),
    },
  });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = await (once(asked, "response") as Promise<[IncomingMessage]>).catch((error: unknown) => {
    throw problem("gateway_out_of_reach", { reason: reasonOf(error) }, error);
  });
  const { statusCode: status = 502, headers } = answer;
  const brief = status >= 400 && Number(headers["content-length"]) <= mostErrorBytes;
  return { status, headers, body: brief ? await wholeOf(answer, endpoint) : answer };
}

async function wholeOf(answer: IncomingMessage, endpoint: string): Promise<Buffer> {
  try {
    return await buffer(answer);
  } catch (error) {
    // The gateway breaks an answer off where its endpoint did.
    const fix = "try again, and look at the deployment's own logs";
    throw problem("upstream_closed", { endpoint, reason: reasonOf(error), fix }, error);
  }
}

function placeOf(base: string): Pick<RequestOptions, "host" | "port" | "socketPath"> {
  if (base.startsWith("unix:")) return { socketPath: base.slice("unix:".length) };
  const { hostname, port } = new URL(base);
  return { host: hostname.replace(/^\[|\]$/g, ""), port };
}

const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/**
 * The error with which the gateway itself refused a request; undefined where the answer is an endpoint's. The gateway's
 * own answers carry the id of the request and a code of the catalogue.
 */
export function refusalIn({ headers, body }: Passed, requestId: string): PosternError | undefined {
  if (!Buffer.isBuffer(body) || headers["x-request-id"] !== requestId) return undefined;
  const { error } = refusal.safeParse(jsonIn(body.toString())).data ?? {};
  if (error === undefined || !Object.hasOwn(catalogue, error.code)) return undefined;
  const words = wordsIn(error.message);
  return words && new PosternError(error.code as Code, words);
}

/** The message and the hint of what the gateway says: the hint is the last thing in brackets, and may have some itself. */
function wordsIn(said: string): [message: string, hint: string] | undefined {
  if (!said.endsWith(")")) return undefined;
  let depth = 0;
  for (let at = said.length - 1; at > 0; at -= 1) {
    if (said[at] === ")") depth += 1;
    if (said[at] === "(") depth -= 1;
    if (depth === 0) return [said.slice(0, at).trimEnd(), said.slice(at + 1, -1)];
  }
  return undefined;
}

export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
