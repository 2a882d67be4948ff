import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { output } from "zod";
import { problem } from "../../errors.ts";
import type { Threads } from "../../vault/apart/take.ts";
import { recorded } from "../../vault/audit/audit.ts";
import { checkFree, type Draft, inMenuOrder } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import type { AdminSources } from "../sources.ts";
import { mostBodyBytes, ofField, takeValues } from "./item-input.ts";
import { shownInList, shownItem } from "./item-shown.ts";
import { Item, ItemParams, Items, NewItem } from "./shapes/item.ts";

const tags = ["vault"];

/** The vault's items, and new ones. */
export const itemRoutes =
  ({ vault, config, record }: AdminSources, threads: Threads): FastifyPluginAsyncZod =>
  async (api) => {
    api.get(
      "/items",
      { schema: { summary: "List the vault's items", tags, response: { 200: Items } } },
      () => ({
        generation: vault.generation,
        items: vault
          .items()
          .toSorted(inMenuOrder)
          .map((item) => shownInList(item, config(), new Date())),
      }),
    );

    api.get(
      "/items/:name",
      { schema: { summary: "Show an item", tags, params: ItemParams, response: { 200: Item } } },
      ({ params: { name } }) =>
        recorded(record, { action: "show", item: name }, () =>
          shownItem(vault.get(name), config(), new Date()),
        ),
    );

    api.post(
      "/items",
      {
        bodyLimit: mostBodyBytes,
        schema: {
          summary: "Add an item",
          description: "Endpoints that name it take it up at once.",
          tags,
          body: NewItem,
          response: { 201: Item },
        },
      },
      async ({ body }, reply) => {
        const { name } = body;
        const item = await recorded(record, { action: "add", item: name }, () =>
          ofField(kinds[body.kind], undefined, async () => {
            // Before anything is made or stretched open for a name that cannot be had.
            checkFree(vault.items(), name);
            return vault.add(name, body.kind, await draftOf(body, threads));
          }),
        );
        return reply.code(201).send(shownItem(item, config(), new Date()));
      },
    );
  };

async function draftOf(asked: output<typeof NewItem>, threads: Threads): Promise<Draft> {
  const { name, how } = asked;
  const kind = kinds[asked.kind];
  const now = new Date();
  if (how === "existing") return takeValues(threads, kind, { name, values: asked.values, now });
  if (how === "generate" && kind.generate !== undefined)
    return kind.generate({ name, now, facts: asked.choices });
  if (how === "request" && kind.request !== undefined)
    return kind.request.begin({ name, facts: asked.choices });
  throw problem("parameter_invalid", {
    where: "how",
    reason: `${kind.plural} cannot be ${how === "generate" ? "generated" : "requested"}`,
  });
}
