import { createHash } from "node:crypto";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { type Manner, question } from "./event.ts";
import { headersOf, path, serverName, type Target } from "./load/target.ts";
import type { Program } from "./program.ts";

/** No single answer takes longer, and no contender to start. */
const withinMs = 15_000;

/** The SHA-256 of the body with which a target answers. Throws where the answer is not a whole 200. */
async function bodyHash(target: Target, manner: Manner): Promise<string> {
  const body = question(manner);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = {
    host: "127.0.0.1",
    port: target.port,
    path,
    method: "POST",
    headers: { ...headersOf(target), "content-length": Buffer.byteLength(body) },
    agent: false,
    signal: AbortSignal.timeout(withinMs),
  } as const;
  const { tls } = target;
  const request =
    tls === undefined
      ? requestPlain(options, resolve)
      : requestTls({ ...options, ...tls, servername: serverName }, resolve);
  request.on("error", reject).end(body);
  const response = await promise;
  const hash = createHash("sha256");
  for await (const chunk of response) hash.update(chunk as Buffer);
  if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
  return hash.digest("hex");
}

/** Waits until a program relays its first answer. Throws when the program ends before, or takes too long. */
export async function untilReady(program: Program, target: Target): Promise<void> {
  const last = Date.now() + withinMs;
  for (;;) {
    try {
      await bodyHash(target, "answer");
      return;
    } catch (error) {
      void program.pid;
      if (Date.now() > last) throw error;
      await sleep(3);
    }
  }
}

/** What the upstream itself answers, for the answers of every contender to be held against. */
export interface Originals {
  readonly answer: string;
  readonly fixed: string;
}

export async function originalsOf(upstream: Target): Promise<Originals> {
  return { answer: await bodyHash(upstream, "answer"), fixed: await bodyHash(upstream, "fixed") };
}

/** Throws where a contender's body is not, byte for byte, the upstream's. */
export async function compare(target: Target, manner: keyof Originals, originals: Originals): Promise<void> {
  if ((await bodyHash(target, manner)) !== originals[manner])
    throw new Error("its bytes differ from the upstream's");
}
