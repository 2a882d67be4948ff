import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import type { LocalKeyConfig } from "../../config/config.ts";
import { removeKey } from "../../config/edit.ts";
import { addingKey, makeKey, refuseNewName, refuseUnknownName } from "../../config/new-key.ts";
import type { AdminSources, Live } from "../sources.ts";
import { editFile } from "./configuration-edit.ts";
import { LocalKeys, MadeLocalKey, NewLocalKey, RevokedLocalKey } from "./shapes/keys.ts";

const tags = ["local keys"];

/** The local keys, by which the gateway tells the applications of this machine apart. */
export const keyRoutes =
  (sources: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    const { config, record } = sources;
    api.get(
      "/keys",
      { schema: { summary: "List the local keys", tags, response: { 200: LocalKeys } } },
      async () => {
        const { keys } = config();
        const used = keys === undefined ? new Map<string, string>() : await lastUses(sources.live);
        return {
          demanded: keys !== undefined,
          keys: [...(keys?.values() ?? [])].map((key) => shown(key, used.get(key.name))),
        };
      },
    );

    api.post(
      "/keys",
      {
        schema: {
          summary: "Make a local key",
          description: "The answer shows it, this once. It is in force when the answer comes.",
          tags,
          body: NewLocalKey,
          response: { 201: MadeLocalKey },
        },
      },
      async ({ body: { name, limits, ...allowance } }, reply) => {
        refuseNewName(name, config());
        const key = makeKey();
        let first = false;
        await editFile(sources, `run postern key add ${name} where the file comes from`, (text) => {
          // Asked again when its turn has come: another change may have been before it.
          refuseNewName(name, config());
          first = config().keys === undefined;
          return addingKey(name, key, { ...allowance, ...limits })(text);
        });
        record({ action: "key-add", about: name });
        return reply.code(201).send({ name, key: key.expose(), first });
      },
    );

    api.delete(
      "/keys/:name",
      {
        schema: {
          summary: "Revoke a local key",
          description:
            "Requests with it are refused when the answer comes; those in flight end as they would.",
          tags,
          params: z.object({ name: z.string().meta({ description: "The key's name." }) }),
          response: { 200: RevokedLocalKey },
        },
      },
      async ({ params: { name } }) => {
        refuseUnknownName(name, config());
        await editFile(sources, `take the key "${name}" out of it where the file comes from`, (text) => {
          refuseUnknownName(name, config());
          return removeKey(text, name);
        });
        record({ action: "key-remove", about: name });
        return { name, last: config().keys?.size === 0 };
      },
    );
  };

const shown = ({ name, endpoints, models, limits }: LocalKeyConfig, lastUsed: string | undefined) => ({
  name,
  endpoints: [...endpoints],
  models: [...models],
  limits,
  ...(lastUsed === undefined ? {} : { lastUsed }),
});

/** When the last request with each key came, as far as the live traffic remembers. */
async function lastUses(live: Live): Promise<ReadonlyMap<string, string>> {
  const { ended, inFlight } = await live.look({ most: 1000 });
  const uses = [...ended, ...inFlight].flatMap(({ localKey, startedAt }) =>
    localKey === undefined ? [] : [[localKey, startedAt] as const],
  );
  // The latest of each stays.
  return new Map(uses.toSorted(([, a], [, b]) => (a < b ? -1 : 1)));
}
