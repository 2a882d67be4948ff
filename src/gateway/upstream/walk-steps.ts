import { lookup } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { EndpointConfig } from "../../config/config.ts";
import type { Attachment } from "./attach.ts";
import { dialerOf } from "./dial.ts";
import { failureOf } from "./failure.ts";
import { FetchFailed, type Fetched, fetchFrom } from "./fetch.ts";
import { readModels } from "../models.ts";
import { Upstream } from "./upstream.ts";

/** One step of looking at an endpoint, in the order in which a request takes them. */
export interface Step {
  readonly name: "dns" | "connection" | "certificate" | "token" | "models";
  readonly ok: boolean;
  /** One sentence: what was seen, or what is wrong. */
  readonly text: string;
  /** The way out, where the step failed. */
  readonly hint?: string;
  /** What the endpoint says that it serves. */
  readonly models?: readonly string[];
}

/** Where OpenAI-compatible servers keep their base, in the order of likelihood. */
const usualBases = ["/v1", "/openai/v1", ""] as const;

/** A deployment that scales to zero may need minutes; longer than this nobody watches. */
const answerMs = 120_000;

/**
 * Walks an endpoint's way step by step and says what stands in it. Ends after the first step that fails.
 *
 * @param authorities PEM texts of the CAs that may have signed the endpoint's certificate
 * @param signal gives up
 */
export async function* stepsTo(
  endpoint: EndpointConfig,
  attachment: Attachment,
  authorities: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const { hostname, host } = new URL(endpoint.origin);
  const name = hostname.replace(/^\[|\]$/g, "");
  if (isIP(name) === 0) {
    const step = await resolve(name);
    yield step;
    if (!step.ok) return;
  }
  const connected = await connect(endpoint, attachment, authorities, host, signal);
  yield connected;
  if (!connected.ok) return;
  const upstream = new Upstream(endpoint, attachment, authorities);
  try {
    yield* ask(upstream, signal);
  } finally {
    upstream.close();
  }
}

async function resolve(name: string): Promise<Step> {
  try {
    const addresses = await lookup(name, { all: true });
    return {
      name: "dns",
      ok: true,
      text: `${name} is ${addresses.map(({ address }) => address).join(", ")}`,
    };
  } catch {
    return {
      name: "dns",
      ok: false,
      text: `${name} cannot be found`,
      hint: "check the endpoint's url: and this machine's DNS",
    };
  }
}

function connect(
  endpoint: EndpointConfig,
  attachment: Attachment,
  authorities: readonly string[],
  host: string,
  signal: AbortSignal,
): Promise<Step> {
  const startedMs = performance.now();
  return new Promise((done, reject) => {
    const giveUp = dialerOf(endpoint, attachment, authorities).dial(
      (socket) => {
        const text = `${describe(socket, host)}, in ${Math.round(performance.now() - startedMs)} ms`;
        socket.destroy();
        done({ name: "connection", ok: true, text });
      },
      (cause, untrusted) => {
        const { error } = failureOf(cause, {
          endpoint,
          attachment,
          phase: "connect",
          untrusted,
          fresh: true,
        });
        done({ name: "connection", ok: false, text: error.message, hint: error.hint });
      },
    );
    const leave = (): void => {
      giveUp();
      reject(new Error("given up"));
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
}

function describe(socket: Socket, host: string): string {
  if (!(socket instanceof TLSSocket)) return `connected to ${host} without TLS`;
  const { issuer } = socket.getPeerCertificate();
  const by = [issuer.CN ?? issuer.O ?? "an unnamed CA"].flat().join(", ");
  return `connected to ${host} with ${socket.getProtocol() ?? "TLS"}; its certificate is signed by ${by}`;
}

async function* ask(upstream: Upstream, signal: AbortSignal): AsyncGenerator<Step> {
  const { endpoint, attachment } = upstream;
  let answer: Fetched;
  try {
    answer = await fetchFrom(upstream, `${endpoint.basePath}/models`, answerMs, signal);
  } catch (thrown) {
    if (signal.aborted) return;
    const [text, hint] =
      thrown instanceof FetchFailed
        ? [thrown.failure.error.message, thrown.failure.error.hint]
        : [
            `the endpoint gave no answer within ${answerMs / 1000} seconds`,
            "a deployment that scales to zero takes minutes to wake: try again",
          ];
    yield { name: "certificate", ok: false, text, hint };
    return;
  }
  const { identity, headers } = attachment;
  const certificate = certificateStep(answer, identity?.item);
  if (certificate !== undefined) yield certificate;
  if (certificate?.ok === false) return;
  const token = tokenStep(answer, headers.length > 0);
  if (token !== undefined) yield token;
  if (token?.ok === false) return;
  yield await modelsStep(upstream, answer, signal);
}

/** nginx, and ingresses made of it, let the handshake pass and answer 400 in HTML. */
function certificateStep({ status, body }: Fetched, item: string | undefined): Step | undefined {
  const text = status === 400 || status === 495 || status === 496 ? body.toString("utf8", 0, 2000) : "";
  if (/No required SSL certificate was sent/i.test(text))
    return {
      name: "certificate",
      ok: false,
      text: "the endpoint demands a client certificate, and none is attached to it",
      hint: "add one: postern vault add certificate NAME --pem FILE, then name it under the endpoint's credentials:",
    };
  if (/SSL certificate error/i.test(text))
    return {
      name: "certificate",
      ok: false,
      text: `the endpoint does not accept the certificate "${item ?? ""}"`,
      hint: "use the certificate whose CA was given to this deployment, and check that it is not expired",
    };
  return item === undefined
    ? undefined
    : { name: "certificate", ok: true, text: `"${item}" was shown, and the endpoint answered` };
}

function tokenStep({ status }: Fetched, attached: boolean): Step | undefined {
  if (status !== 401 && status !== 403)
    return attached ? { name: "token", ok: true, text: "the endpoint accepts it" } : undefined;
  return {
    name: "token",
    ok: false,
    text: attached
      ? `the endpoint does not accept the token (${status})`
      : `the endpoint demands a token (${status}), and none is attached to it`,
    hint: "use the token that was given to this deployment: a bearer token for a dedicated endpoint, a serverless API key for the serverless API",
  };
}

async function modelsStep(upstream: Upstream, answer: Fetched, signal: AbortSignal): Promise<Step> {
  const { basePath } = upstream.endpoint;
  const models = (answer.status === 200 ? readModels(answer.body) : []).map(({ id }) => id);
  if (models.length > 0) return { name: "models", ok: true, text: `it serves ${models.join(", ")}`, models };
  if (answer.status >= 500)
    return {
      name: "models",
      ok: false,
      text: `the endpoint answers ${answer.status}: ${answer.body.toString("utf8", 0, 100).split("\n", 1)[0] ?? ""}`,
      hint: "a deployment that scales to zero takes minutes to wake: try again; then look at the deployment's own logs",
    };
  for (const base of usualBases) {
    if (base === basePath) continue;
    const other = await fetchFrom(upstream, `${base}/models`, answerMs, signal).catch(() => undefined);
    if (other?.status === 200 && readModels(other.body).length > 0)
      return {
        name: "models",
        ok: false,
        text: `there are no models under ${basePath}/models, but there are under ${base}/models`,
        hint: `set the endpoint's url: to ${upstream.endpoint.origin}${base}`,
      };
  }
  return {
    name: "models",
    ok: false,
    text: `${basePath}/models answers ${answer.status} and lists no models`,
    hint: "check the path in the endpoint's url:, such as /openai/v1 or /v1",
  };
}
