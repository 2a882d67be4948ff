import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { json } from "node:stream/consumers";
import { proofOf } from "../admin/access/proof.ts";
import { readAdminToken } from "../admin/access/token.ts";
import { problem, reasonOf } from "../errors.ts";
import { Secret } from "../secret.ts";
import { visible } from "./io.ts";

/** A gateway's admin listener. */
export interface Door {
  /** As a browser reaches it: `http://127.0.0.1:8081`. */
  readonly url: string;
  readonly place: { readonly host: string; readonly port: number } | { readonly socketPath: string };
}

/** A link that opens the console once. */
export interface Link {
  readonly url: string;
  /** ISO 8601. */
  readonly expires: string;
}

/** A gateway on this machine answers in milliseconds, or not at all; a busy one may need longer. */
const answerMs = 10_000;

/**
 * Asks a gateway for a link. The admin token is sent only to a program that has shown that it knows it already. Throws
 * `gateway_silent`, `gateway_strange`, `admin_token_missing`, and what is wrong with the token's file.
 *
 * @param file where the admin token lies
 */
export async function askForLink(door: Door, file: string): Promise<Link> {
  const token = await readAdminToken(file);
  if (token === undefined)
    throw problem("admin_token_missing", {
      file,
      reason: "no gateway has been started with this configuration",
      fix: "start it: postern serve; it makes one",
    });
  const challenge = randomBytes(32).toString("base64url");
  const { proof, error } = await ask(door, "GET", `/api/v1/proof?challenge=${challenge}`);
  const { message } = (error ?? {}) as { readonly message?: unknown };
  if (typeof message === "string")
    throw problem("gateway_strange", { url: door.url, reason: `it says: ${visible(message).slice(0, 300)}` });
  if (typeof proof !== "string" || !new Secret(proofOf(token, challenge)).equals(new Secret(proof)))
    throw problem("gateway_strange", { url: door.url, reason: `it does not know the token in ${file}` });
  const { url, expires } = await ask(door, "POST", "/api/v1/links", token);
  if (typeof url !== "string" || typeof expires !== "string")
    throw problem("gateway_strange", { url: door.url, reason: "it gave no link" });
  return { url, expires };
}

/** What it answers, where that is a JSON object. */
async function ask(
  { url, place }: Door,
  method: string,
  path: string,
  token?: Secret,
): Promise<Readonly<Record<string, unknown>>> {
  const strange = (reason: string): Error => problem("gateway_strange", { url, reason });
  return new Promise((resolve, reject) => {
    const headers = {
      host: new URL(url).host,
      ...(token !== undefined && { authorization: `Bearer ${token.expose()}` }),
    };
    const signal = AbortSignal.timeout(answerMs);
    const asked = request({ ...place, method, path, headers, signal, agent: false }, (answer) => {
      const none = (): void => reject(strange("its answer is none of a gateway's"));
      json(answer).then((body) => (isObject(body) ? resolve(body) : none()), none);
    });
    asked.on("error", (error: NodeJS.ErrnoException) => {
      const isHttp = error.code?.startsWith("HPE_") !== true;
      const reason = signal.aborted ? `no answer within ${answerMs / 1000} s` : reasonOf(error);
      reject(isHttp ? problem("gateway_silent", { url, reason }, error) : strange("it does not speak HTTP"));
    });
    asked.end();
  });
}

const isObject = (body: unknown): body is Readonly<Record<string, unknown>> =>
  typeof body === "object" && body !== null && !Array.isArray(body);
