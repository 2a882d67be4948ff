import { Readable } from "node:stream";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { EndpointConfig } from "../../config/config.ts";
import { problem } from "../../errors.ts";
import type { AdminSources } from "../sources.ts";
import { leavingOf } from "./leaving.ts";
import { EndpointParams, TestEnd, TestEvents, TestStep } from "./shapes/endpoint.ts";

/** Walks the way of a request to an endpoint, and tells each step as it is done. */
export const endpointTestRoutes =
  ({ config, walk }: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    api.post(
      "/endpoints/:name/test",
      {
        schema: {
          summary: "Test an endpoint",
          description:
            "Goes the way of a request, step by step, with the endpoint's credentials; leaving ends it. The use of the credentials is recorded.",
          tags: ["endpoints"],
          params: EndpointParams,
          response: { 200: TestEvents },
        },
      },
      async ({ params: { name } }, reply) => {
        const endpoint = config().endpoints.get(name);
        if (endpoint === undefined)
          throw problem("endpoint_absent", { endpoint: name, known: [...config().endpoints.keys()] });
        return reply
          .type("text/event-stream")
          .header("x-accel-buffering", "no")
          .send(Readable.from(eventsOf(endpoint, walk(endpoint, leavingOf(reply.raw)))));
      },
    );
  };

async function* eventsOf(
  { name }: EndpointConfig,
  steps: ReturnType<AdminSources["walk"]>,
): AsyncGenerator<string> {
  let failed: TestStep | undefined;
  for await (const step of steps) {
    const told = TestStep.parse(step);
    if (!told.ok) failed = told;
    yield event("step", told);
  }
  yield event("end", TestEnd.parse(endOf(name, failed)));
}

function endOf(name: string, failed: TestStep | undefined): TestEnd {
  if (failed === undefined) return { ok: true, message: `the endpoint "${name}" is ready`, hint: "" };
  const { text, hint = "" } = failed;
  const error = problem("endpoint_not_ready", { endpoint: name, reason: text, fix: hint });
  return { ok: false, message: error.message, hint: error.hint };
}

const event = (name: string, data: TestStep | TestEnd): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
