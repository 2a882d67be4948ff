import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import { addEndpoint, removeEndpoint } from "../../config/edit.ts";
import { changeEndpoint } from "../../config/edit-keys.ts";
import { block } from "../../config/lay-out.ts";
import { problem } from "../../errors.ts";
import type { AdminSources } from "../sources.ts";
import { editFile } from "./configuration-edit.ts";
import { checkEndpoint, withoutNulls } from "./endpoint-check.ts";
import { shownEndpoints, versionOf, writtenIn } from "./endpoint-shown.ts";
import { endpointTestRoutes } from "./endpoint-test.ts";
import {
  CheckedEndpoint,
  EndpointChange,
  EndpointParams,
  EndpointQuestion,
  EndpointRemoval,
  Endpoint,
  Endpoints,
  NewEndpoint,
} from "./shapes/endpoint.ts";

const tags = ["endpoints"];

type Written = Readonly<Record<string, unknown>>;

/** The endpoints, and their changes: they are written into the configuration file, and in force when the answer comes. */
export const endpointRoutes =
  (sources: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    api.get(
      "/endpoints",
      { schema: { summary: "List the endpoints, and how they are", tags, response: { 200: Endpoints } } },
      () => shownEndpoints(sources, new Date()),
    );

    api.post(
      "/endpoints",
      {
        schema: {
          summary: "Add an endpoint",
          description:
            "Writes it into the configuration file, of which every other byte stays; it is in force when the answer comes.",
          tags,
          body: NewEndpoint,
          response: { 201: Endpoint },
        },
      },
      async ({ body: { name, endpoint } }, reply) => {
        const own = withoutNulls(endpoint);
        await editFile(sources, linesOf(name, own), (text) => {
          if (writtenIn(text).has(name)) throw problem("endpoint_exists", { endpoint: name });
          return addEndpoint(text, name, own);
        });
        return reply.code(201).send(await shownOne(sources, name));
      },
    );

    api.put(
      "/endpoints/:name",
      {
        schema: {
          summary: "Change an endpoint",
          description:
            "Changes only the keys that are named, and keeps the comments and all other keys. A listener of its own changes only with a restart.",
          tags,
          params: EndpointParams,
          body: EndpointChange,
          response: { 200: Endpoint },
        },
      },
      async ({ params: { name }, body: { endpoint, version } }) => {
        const whole = { ...writtenIn(sources.text()).get(name), ...endpoint };
        await editFile(sources, linesOf(name, withoutNulls(whole)), (text) => {
          refuseStale(text, name, version);
          return changeEndpoint(text, name, endpoint);
        });
        return shownOne(sources, name);
      },
    );

    api.delete(
      "/endpoints/:name",
      {
        schema: {
          summary: "Remove an endpoint",
          description: "Its vault items stay. While something else in the file names it, it is not removed.",
          tags,
          params: EndpointParams,
          querystring: EndpointRemoval,
          response: { 204: z.null().meta({ description: "It is removed." }) },
        },
      },
      async ({ params: { name }, query: { version } }, reply) => {
        const byHand = `take the endpoint "${name}" out of it where the file comes from`;
        await editFile({ edit: sources.remove, config: sources.config }, byHand, (text) => {
          refuseStale(text, name, version);
          return removeEndpoint(text, name);
        });
        return reply.code(204).send(null);
      },
    );

    api.post(
      "/endpoints/check",
      {
        schema: {
          summary: "Check an endpoint before it is added or changed",
          description: "By the code that reads the configuration file. Writes nothing.",
          tags,
          body: EndpointQuestion,
          response: { 200: CheckedEndpoint },
        },
      },
      ({ body }) => checkEndpoint(sources, body, new Date()),
    );

    await api.register(endpointTestRoutes(sources));
  };

const linesOf = (name: string, endpoint: Written): string =>
  `write these lines under endpoints: where the file comes from:\n${block({ [name]: endpoint }, 2, "\n")}`;

/** Refuses the change of an endpoint that is not there, or says something else than whoever changes it has seen. */
function refuseStale(text: string, name: string, seen: string | undefined): void {
  const all = writtenIn(text);
  const written: Written | undefined = all.get(name);
  if (written === undefined) throw problem("endpoint_absent", { endpoint: name, known: [...all.keys()] });
  if (seen !== undefined && seen !== versionOf(written))
    throw problem("endpoint_changed", { endpoint: name });
}

async function shownOne(sources: AdminSources, name: string): Promise<Endpoint> {
  const { endpoints } = await shownEndpoints(sources, new Date());
  const shown = endpoints.find((endpoint) => endpoint.name === name);
  // Somebody else has removed it in this moment.
  if (shown === undefined)
    throw problem("endpoint_absent", { endpoint: name, known: endpoints.map(({ name }) => name) });
  return shown;
}
