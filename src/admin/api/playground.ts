import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import { type PosternError, problem } from "../../errors.ts";
import type { AdminSources } from "../sources.ts";
import { leavingOf } from "./leaving.ts";
import { jsonIn, type Passed, pass, refusalIn } from "./playground-passage.ts";
import { chatAnswered, chatAsked, modelsAnswered, modelsAsked } from "./shapes/playground.ts";

/** A conversation can be long, and each turn sends all of it. */
const mostBodyBytes = 16 * 1024 * 1024;

/** What an endpoint may say its answer is. Anything else is given as text: it comes from the console's origin. */
const plainTypes = /^(?:text\/event-stream|application\/(?:problem\+)?json)\s*(?:;|$)/i;

export const playgroundRoutes =
  ({ gateway }: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    api.post(
      "/playground/chat",
      {
        bodyLimit: mostBodyBytes,
        schema: {
          summary: "Send a chat to an endpoint",
          description:
            "Goes through the gateway like any application's request. The answer is streamed as it comes; leaving cancels it.",
          tags: ["playground"],
          body: chatAsked,
          response: { default: chatAnswered },
        },
      },
      async ({ body: { endpoint, model, messages, parameters } }, reply) => {
        const requestId = randomUUID();
        reply.header("x-postern-request-id", requestId);
        const body = {
          ...parameters,
          model,
          messages,
          stream: true,
          stream_options: { include_usage: true },
        };
        const sent = { requestId, endpoint, path: "/chat/completions", body } as const;
        const answer = await pass(gateway, sent, leavingOf(reply.raw));
        const refusal = refusalIn(answer, requestId);
        if (refusal !== undefined) throw refusal;
        return reply
          .code(answer.status)
          .headers({ ...shownHeaders(answer.headers), "x-postern-endpoint": endpoint })
          .send(answer.body);
      },
    );

    api.get(
      "/playground/models",
      {
        schema: {
          summary: "List an endpoint's models",
          description: "Asks the endpoint itself, through the gateway.",
          tags: ["playground"],
          querystring: modelsAsked,
          response: { 200: modelsAnswered },
        },
      },
      async ({ query: { endpoint } }, reply) => {
        const requestId = randomUUID();
        const sent = { requestId, endpoint, path: "/models" } as const;
        const answer = await pass(gateway, sent, leavingOf(reply.raw));
        const refusal = refusalIn(answer, requestId);
        if (refusal !== undefined) throw refusal;
        return { models: await modelsIn(answer, endpoint) };
      },
    );
  };

/** Of an answer's headers those that say something to a reader; none that a browser would obey. */
function shownHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const type = headers["content-type"];
  const shown: Record<string, string> = {
    "content-type": type !== undefined && plainTypes.test(type) ? type : "text/plain; charset=utf-8",
  };
  for (const [name, value] of Object.entries(headers))
    if (typeof value === "string" && /^(?:x-request-id|retry-after|x-postern-(?!request-id).*)$/.test(name))
      shown[name] = value;
  return shown;
}

/** What an endpoint lists may have no end. */
const mostListBytes = 4 * 1024 * 1024;

const list = z.object({ data: z.array(z.object({ id: z.string() })) });

/** @throws PosternError models_unlisted */
async function modelsIn({ status, body }: Passed, endpoint: string): Promise<string[]> {
  const unlisted = (reason: string): PosternError => problem("models_unlisted", { endpoint, reason });
  if (status !== 200) throw unlisted(`it answered ${status}`);
  const said = await textIn(body);
  if (said === undefined) throw unlisted("its answer is far larger than a list of models");
  const found = list.safeParse(jsonIn(said)).data;
  if (found === undefined) throw unlisted("its answer is no list of models");
  return found.data.map(({ id }) => id);
}

/** An answer's body; undefined where it is larger than any list of models. */
async function textIn(body: Passed["body"]): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of Buffer.isBuffer(body) ? [body] : (body as AsyncIterable<Buffer>)) {
    bytes += chunk.length;
    // Whoever leaves a stream here ends it, and so the request.
    if (bytes > mostListBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
