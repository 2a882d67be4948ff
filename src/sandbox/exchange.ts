import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, refusal } from "./answer.ts";
import { type Behaviour, plain, readBehaviour } from "./behaviour.ts";
import type { Credentials } from "./credentials.ts";
import { deliver } from "./delivery.ts";
import type { Arrivals } from "./record.ts";
import { respond } from "./routes.ts";
import { type Verified, verify } from "./verify.ts";

/** What all requests of one sandbox share. */
interface Place {
  readonly credentials: Credentials;
  readonly arrivals: Arrivals;
  /** Unix seconds of its start. */
  readonly created: number;
}

/** Of a body that must be read whole to be answered; more is counted and forgotten. */
const mostBodyBytes = 64 * 1024 * 1024;

/** Takes one request from its arrival to its end. */
export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  place: Place,
): Promise<void> {
  const arrived = place.arrivals.note(request, place.credentials);
  const over = new AbortController();
  response.once("close", () => over.abort());
  const verified = verify(request, place.credentials);
  const body = await readBody(request);
  if (body === undefined) {
    arrived.ended = "client-left";
    return;
  }
  arrived.body = { bytes: body.bytes, sha256: body.sha256 };
  if ("credentials" in verified) sayWhoCame(response, verified);
  const [answer, behaviour] = decide(request, verified, body, place.created);
  arrived.ended = await deliver(answer, behaviour, response, over.signal);
}

/** What to answer, and how. What is refused is refused plainly: only a request that was let in can ask for a manner. */
function decide(
  request: IncomingMessage,
  verified: Verified | Answer,
  body: Body,
  created: number,
): [Answer, Behaviour] {
  if (!("credentials" in verified)) return [verified, plain];
  const behaviour = readBehaviour(request.headersDistinct["x-sandbox"]?.join(","));
  if (typeof behaviour === "string") return [refusal(400, behaviour), plain];
  if (body.text === undefined) return [refusal(413, "The body is too large."), plain];
  const { method = "", url: target = "" } = request;
  const id = body.sha256.slice(0, 24);
  const { words } = behaviour;
  return [respond({ method, target, body: body.text, verified, id, created, words }), behaviour];
}

/** Shows what was verified: the client certificate's common name, and the names of the credentials. */
function sayWhoCame(response: ServerResponse, { client, credentials }: Verified): void {
  if (client) response.setHeader("x-sandbox-client", client.commonName.replaceAll(/[^\x20-\x7e]/g, "?"));
  response.setHeader("x-sandbox-credentials", credentials.join(", ") || "none");
}

interface Body {
  readonly bytes: number;
  readonly sha256: string;
  /** Nothing when it is too large to be answered. */
  readonly text: string | undefined;
}

/** The whole body, or nothing when the client left before its end. */
async function readBody(request: IncomingMessage): Promise<Body | undefined> {
  const hash = createHash("sha256");
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes <= mostBodyBytes) chunks.push(chunk);
      else chunks.length = 0;
    }
  } catch {
    return undefined;
  }
  const text = bytes <= mostBodyBytes ? Buffer.concat(chunks).toString() : undefined;
  return { bytes, sha256: hash.digest("hex"), text };
}
