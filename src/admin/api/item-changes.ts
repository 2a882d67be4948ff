import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { output } from "zod";
import { renameCredential } from "../../config/edit.ts";
import { endpointsWith } from "../../config/users.ts";
import { problem } from "../../errors.ts";
import type { Threads } from "../../vault/apart/take.ts";
import { nameIn, recorded } from "../../vault/audit/audit.ts";
import type { Draft, Item as VaultItem } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { keptFacts, madeAnew } from "../../vault/renewal/anew.ts";
import { lengthIn } from "../../vault/renewal/grace.ts";
import type { AdminSources } from "../sources.ts";
import { editFile } from "./configuration-edit.ts";
import { mostBodyBytes, ofField, takeValues } from "./item-input.ts";
import { shownItem } from "./item-shown.ts";
import { Completion, Item, ItemParams, Removal, Renaming, Rotation } from "./shapes/item.ts";

const tags = ["vault"];

/** Changes of the vault's items. */
export const itemChangeRoutes =
  ({ vault, config, edit, record }: AdminSources, threads: Threads): FastifyPluginAsyncZod =>
  async (api) => {
    const shown = (item: VaultItem) => shownItem(item, config(), new Date());
    const users = (name: string): readonly string[] => endpointsWith(config(), name);
    const refuseUsed = (name: string): void => {
      const endpoints = users(name);
      if (endpoints.length > 0) throw problem("item_in_use", { name, endpoints });
    };

    api.patch(
      "/items/:name",
      {
        schema: {
          summary: "Rename an item",
          description:
            "Where the configuration's endpoints name it, it has both names until they name it by the new one: at no moment are they without it.",
          tags,
          params: ItemParams,
          body: Renaming,
          response: { 200: Item },
        },
      },
      async ({ params: { name }, body: { name: to, endpoints } }) => {
        const old = vault.get(name);
        if (to === name) return shown(old);
        if (!endpoints) refuseUsed(name);
        const byHand = `add it as "${to}" too, name that where the file comes from, then remove "${name}"`;
        const follow = (): Promise<void> =>
          editFile({ edit, config }, byHand, (text) => renameCredential(text, name, to));
        const item = await recorded(record, { action: "rename", item: name, about: nameIn(to) }, () =>
          ofField(kinds[old.kind], undefined, () => vault.rename(name, to, endpoints ? follow : undefined)),
        );
        return shown(item);
      },
    );

    api.delete(
      "/items/:name",
      {
        schema: {
          summary: "Remove an item",
          tags,
          params: ItemParams,
          querystring: Removal,
          response: { 200: Item.pick({ name: true, kind: true, endpoints: true }) },
        },
      },
      async ({ params: { name }, query: { anyway } }) => {
        const { kind } = vault.get(name);
        const endpoints = [...users(name)];
        if (!anyway) refuseUsed(name);
        await recorded(record, { action: "remove", item: name }, () => vault.remove(name));
        return { name, kind, endpoints };
      },
    );

    api.post(
      "/items/:name/rotate",
      {
        bodyLimit: mostBodyBytes,
        schema: {
          summary: "Give an item a new value",
          description: "New requests use it from now on; those in flight lose nothing.",
          tags,
          params: ItemParams,
          body: Rotation,
          response: { 200: Item },
        },
      },
      async ({ params: { name }, body }) => {
        const old = vault.get(name);
        const graceMs = graceOf(body.grace);
        const item = await recorded(record, { action: "rotate", item: name }, async () =>
          vault.replace(name, await newValue(old, body, threads), { graceMs, of: old }),
        );
        return shown(item);
      },
    );

    api.post(
      "/items/:name/rotate/back",
      {
        schema: {
          summary: "Put an item's previous value back",
          tags,
          params: ItemParams,
          response: { 200: Item },
        },
      },
      async ({ params: { name } }) =>
        shown(await recorded(record, { action: "bring-back", item: name }, () => vault.bringBack(name))),
    );

    api.post(
      "/items/:name/complete",
      {
        bodyLimit: mostBodyBytes,
        schema: {
          summary: "Complete an item with the answer to its request",
          description:
            "Takes the certificate that a CA made of the request; the key is in the vault already.",
          tags,
          params: ItemParams,
          body: Completion,
          response: { 200: Item },
        },
      },
      async ({ params: { name }, body: { values } }) => {
        const waiting = vault.get(name);
        const kind = kinds[waiting.kind];
        if (kind.request?.pending(waiting) === undefined) throw problem("item_not_waiting", { name });
        const item = await recorded(record, { action: "rotate", item: name }, async () => {
          const draft = await takeValues(threads, kind, { name, values, now: new Date(), waiting });
          return vault.replace(name, draft, { of: waiting });
        });
        return shown(item);
      },
    );
  };

function graceOf(text: string): number {
  const ms = lengthIn(text);
  if (ms !== undefined) return ms;
  const reason = "wanted a length of time with its unit, such as 30m, 24h, 7d, or 0";
  throw problem("parameter_invalid", { where: "grace", reason }).of("grace");
}

function newValue(old: VaultItem, asked: output<typeof Rotation>, threads: Threads): Promise<Draft> {
  const now = new Date();
  if (asked.how === "generate") return madeAnew(old, now);
  const { name, kind } = old;
  return takeValues(threads, kinds[kind], { name, values: asked.values, now, kept: keptFacts(old) });
}
