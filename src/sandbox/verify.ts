import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { Secret } from "../secret.ts";
import { type Answer, refusal } from "./answer.ts";
import type { Credentials } from "./credentials.ts";
import type { Demand } from "./demand.ts";

/** What a request proved. */
export interface Verified {
  readonly credentials: readonly Demand[];
  /** The client certificate, where one is demanded: the TLS handshake has verified it. */
  readonly client?: { readonly commonName: string; readonly subject: string; readonly serial: string };
}

/** The client certificate of a request's connection. */
export function clientOf(request: IncomingMessage): Verified["client"] {
  const peer = (request.socket as TLSSocket).getPeerX509Certificate();
  if (peer === undefined) return undefined;
  const commonName = /^CN=(.*)$/m.exec(peer.subject)?.[1] ?? "";
  return { commonName, subject: peer.subject.replaceAll("\n", ", "), serial: peer.serialNumber };
}

/**
 * Checks the token of a request; its certificate was checked before its first byte. Of a bearer token and a serverless
 * API key one is enough when both are demanded: they travel in the same header, and a request has only one.
 */
export function verify(request: IncomingMessage, { tokens }: Credentials): Verified | Answer {
  const client = clientOf(request);
  const proven: Demand[] = client === undefined ? [] : ["certificate"];
  if (tokens.size > 0) {
    const values = request.headersDistinct["authorization"] ?? [];
    const [value, second] = values;
    const unauthorized = { "www-authenticate": "Bearer" };
    if (value === undefined)
      return refusal(
        401,
        "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.",
        {},
        unauthorized,
      );
    const name = second === undefined ? tokenIn(value, tokens) : undefined;
    if (name === undefined)
      return refusal(401, "Incorrect API key provided.", { code: "invalid_api_key" }, unauthorized);
    proven.push(name);
  }
  return { credentials: proven, ...(client && { client }) };
}

/** Which of the tokens an Authorization header carries. */
export function tokenIn(header: string, tokens: Credentials["tokens"]): Demand | undefined {
  const given = new Secret(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? "");
  return [...tokens].find(([, token]) => token.equals(given))?.[0];
}
