import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { AdminSources } from "../sources.ts";
import { lookAt } from "./configuration-look.ts";
import { Configuration, Reloads } from "./shapes/configuration.ts";

const tags = ["configuration"];

/** The configuration file as it is and as it was read. */
export const configurationRoutes =
  (sources: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    api.get(
      "/configuration",
      {
        schema: {
          summary: "Show the configuration file and its problems",
          description: "The file as it lies there now, which need not be what is in force.",
          tags,
          response: { 200: Configuration },
        },
      },
      () => lookAt(sources),
    );

    api.post(
      "/configuration/reload",
      {
        schema: {
          summary: "Read configuration and vault again",
          description:
            "A running gateway does so by itself when they change. With a problem, the last good state stays in force, and the answer says what it is.",
          tags,
          response: { 200: Configuration },
        },
      },
      async () => {
        await sources.reload();
        return lookAt(sources);
      },
    );

    api.get(
      "/configuration/reloads",
      {
        schema: {
          summary: "List the last reloads",
          description: "The last 50, of the configuration and of the vault, the newest first.",
          tags,
          response: { 200: Reloads },
        },
      },
      () => ({ reloads: [...sources.reloads.all] }),
    );
  };
