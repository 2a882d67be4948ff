import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request, type RequestOptions } from "node:http";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as z from "zod";
import { catalogue, type Code, PosternError, problem, reasonOf } from "../../errors.ts";
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
 * @throws PosternError gateway_out_of_reach, and whatever the gateway itself refuses the request with
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
  try {
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    const { statusCode: status = 502, headers } = answer;
    const brief = status >= 400 && Number(headers["content-length"]) <= mostErrorBytes;
    return { status, headers, body: brief ? await buffer(answer) : answer };
  } catch (error) {
    throw problem("gateway_out_of_reach", { reason: reasonOf(error) }, error);
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
  // It writes the way out behind the message, in brackets.
  const [, message, hint] = /^(.*?) \((.*)\)$/s.exec(error.message) ?? [];
  if (message === undefined || hint === undefined) return undefined;
  return new PosternError(error.code as Code, [message, hint]);
}

export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
