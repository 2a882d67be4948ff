import { Readable } from "node:stream";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import { problem } from "../../errors.ts";
import type { AdminSources } from "../sources.ts";
import { leavingOf } from "./leaving.ts";
import { watch } from "./live-watch.ts";
import {
  history,
  historyQuery,
  look,
  mostKept,
  requestNamed,
  requestsAnswer,
  requestsQuery,
  type RequestsQuery,
  seenRequest,
  type SeenRequest,
} from "./shapes/live.ts";

/** How many may follow the traffic at a time. */
const mostWatchers = 16;

const tags = ["live"];

/** The requests that are in flight and that were. */
export const liveRoutes =
  ({ live }: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    let watchers = 0;

    api.get(
      "/live",
      {
        schema: {
          summary: "Follow the traffic",
          description:
            "A stream of events: `snapshot` first, then `change` every half second in which there is something to tell. It goes on until the client leaves.",
          tags,
          response: {
            200: {
              description: "The data of each event.",
              content: { "text/event-stream": { schema: look } },
            },
          },
        },
      },
      async (_request, reply) => {
        if (watchers >= mostWatchers) throw problem("watchers_exhausted", { most: mostWatchers });
        watchers += 1;
        const left = leavingOf(reply.raw);
        if (left.aborted) watchers -= 1;
        else left.addEventListener("abort", () => (watchers -= 1));
        // The schema is that of an event's data, which is serialised with it one by one.
        return reply.type("text/event-stream").send(Readable.from(watch(live, left)) as never);
      },
    );

    api.get(
      "/live/history",
      {
        schema: {
          summary: "The last hour in figures",
          description: "For charts, in buckets of ten seconds. The last bucket is not over yet.",
          tags,
          querystring: historyQuery,
          response: { 200: history },
        },
      },
      ({ query }) => live.history(query.endpoint),
    );

    api.get(
      "/live/requests",
      {
        schema: {
          summary: "List the requests that ended last",
          description: "Of the last 1,000 of each worker. What is given must all be so.",
          tags,
          querystring: requestsQuery,
          response: { 200: requestsAnswer },
        },
      },
      async ({ query }) => {
        const { ended } = await live.look({ since: undefined, most: mostKept });
        return { requests: ended.filter((request) => fits(request, query)).slice(0, query.limit) };
      },
    );

    api.get(
      "/live/requests/:id",
      {
        schema: {
          summary: "One request",
          description: "One that is in flight, or one of those that ended last.",
          tags,
          params: requestNamed,
          response: { 200: seenRequest },
        },
      },
      async ({ params: { id } }) => {
        const { ended, inFlight } = await live.look({ since: undefined, most: Infinity });
        const found = [...inFlight, ...ended].find((request) => request.id === id);
        if (found === undefined) throw problem("request_unknown", { id });
        return found;
      },
    );

    api.post(
      "/live/requests/:id/stop",
      {
        schema: {
          summary: "Stop a request that is in flight",
          description:
            "The endpoint sees it broken off. So does the client, where the answer has begun; else it gets the error `request_stopped`.",
          tags,
          params: requestNamed,
          response: { 204: z.null().meta({ description: "It was stopped." }) },
        },
      },
      async ({ params: { id } }, reply) => {
        if (!(await live.stop(id))) throw problem("request_not_in_flight", { id });
        return reply.code(204).send(null);
      },
    );
  };

function fits(request: SeenRequest, query: RequestsQuery): boolean {
  const { model, failed } = query;
  const same = (name: "endpoint" | "localKey" | "outcome" | "status" | "requestId"): boolean =>
    query[name] === undefined || query[name] === request[name];
  return (
    same("endpoint") &&
    same("localKey") &&
    same("outcome") &&
    same("status") &&
    same("requestId") &&
    (model === undefined || request.model?.toLowerCase().includes(model.toLowerCase()) === true) &&
    (failed === undefined || failed === hasFailed(request))
  );
}

const hasFailed = ({ outcome, status = 0 }: SeenRequest): boolean => outcome !== "done" || status >= 400;
