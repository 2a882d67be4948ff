import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, type AgentOptions, request } from "node:https";
import { Readable } from "node:stream";
import OpenAI from "openai";
import type { Demand } from "../../src/sandbox/demand.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/endpoint.ts";
import { type Issued, issue } from "../../src/vault/certificates/x509.ts";
import { Folder } from "../support/folder.ts";

export const chatModel = "meta-llama/Llama-3.2-3B-Instruct";
export const embeddingModel = "BAAI/bge-small-en-v1.5";

/** A running sandbox in a folder of its own; `await using` ends both. */
export type TestSandbox = Sandbox & { readonly folder: Folder } & AsyncDisposable;

export async function sandboxWith(...require: readonly Demand[]): Promise<TestSandbox> {
  const folder = new Folder();
  const sandbox = await startSandbox({ require, folder: folder.file("sandbox") });
  return {
    ...sandbox,
    folder,
    async [Symbol.asyncDispose](): Promise<void> {
      await sandbox.stop();
      folder[Symbol.dispose]();
    },
  };
}

/** What a test asks for. */
interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
  readonly signal?: AbortSignal;
}

/** A client that trusts the sandbox's CA and presents this certificate: the sandbox's own, unless told otherwise. */
export class Caller implements Disposable {
  readonly agent: Agent;
  readonly sandbox: Sandbox;

  constructor(sandbox: Sandbox, tls: AgentOptions = own(sandbox)) {
    this.sandbox = sandbox;
    this.agent = new Agent({ keepAlive: true, ca: readFileSync(sandbox.ca), ...tls });
  }

  async fetch(url: string, { method, headers, body, signal }: Ask = {}): Promise<Response> {
    const sent = request(url, {
      agent: this.agent,
      ...(method !== undefined && { method }),
      ...(headers && { headers }),
      ...(signal && { signal }),
    });
    sent.end(body ?? undefined);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const stream = Readable.toWeb(answer) as unknown as ReadableStream<Uint8Array>;
    return new Response(stream, {
      status: answer.statusCode ?? 0,
      headers: Object.entries(answer.headersDistinct).map(([name, values]) => [
        name,
        values?.join(", ") ?? "",
      ]),
    });
  }

  /** Posts JSON to a path below the sandbox's base URL. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(`${this.sandbox.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** A chat that streams. */
  chat(headers: Record<string, string> = {}): Promise<Response> {
    return this.post("/chat/completions", { model: chatModel, messages, stream: true }, headers);
  }

  /** The official SDK, against the sandbox. */
  sdk(apiKey = "no_key", headers: Record<string, string> = {}): OpenAI {
    return new OpenAI({
      baseURL: this.sandbox.url,
      apiKey,
      maxRetries: 0,
      defaultHeaders: headers,
      fetch: async (url, init) =>
        this.fetch(new Request(url).url, {
          method: init?.method ?? "GET",
          headers: Object.fromEntries(new Headers(init?.headers)),
          body: init?.body as string | null,
        }),
    });
  }

  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}

/** All that an asynchronous sequence gives. */
export async function allOf<T>(sequence: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of sequence) all.push(one);
  return all;
}

export const messages = [{ role: "user" as const, content: "What just happened?" }];

function own(sandbox: Sandbox): { cert?: Buffer; key?: Buffer } {
  if (sandbox.certificate === undefined) return {};
  const pem = readFileSync(sandbox.certificate);
  return { cert: pem, key: pem };
}

export const tls = ({ certificate, key }: Issued): { cert: string; key: string } => ({
  cert: certificate,
  key: key.expose(),
});

/** A certificate that `authority` signs for a client. */
export const clientOf = (
  authority: Issued,
  commonName: string,
  days = { ago: 1, valid: 30 },
): Promise<Issued> =>
  issue(authority, {
    commonName,
    usage: "platform",
    notBefore: new Date(Date.now() - days.ago * 86_400_000),
    validDays: days.valid,
  });

/** The text of a token file, without its line break. */
export const tokenIn = (file: string | undefined): string => readFileSync(file ?? "", "utf8").trimEnd();

/** Everything that a thrown error says, its causes included. */
export function wordsOf(error: unknown): string {
  return error instanceof Error
    ? `${error.message} ${(error as NodeJS.ErrnoException).code ?? ""} ${wordsOf(error.cause)}`
    : "";
}
