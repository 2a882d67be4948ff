import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { problem } from "../../errors.ts";
import { recorded } from "../../vault/audit/audit.ts";
import type { Item } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { partsOf } from "../../vault/kinds/parts.ts";
import { asked } from "../../vault/tokens/token-asked.ts";
import type { AdminSources } from "../sources.ts";
import { Download, FileAnswer, ItemParams, Revealed } from "./shapes/item.ts";

const tags = ["vault"];

/** What is handed out of the vault. Each time is recorded before it is. */
export const itemSecretRoutes =
  ({ vault, record }: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    api.post(
      "/items/:name/reveal",
      {
        schema: {
          summary: "Reveal an item's secret",
          description: "It is recorded in the audit log.",
          tags,
          params: ItemParams,
          response: { 200: Revealed },
        },
      },
      async ({ params: { name } }, reply) => {
        const value = await recorded(record, { action: "reveal", item: name }, async () => {
          const item = await asked(vault.get(name));
          return kinds[item.kind].reveal(item);
        });
        return reply.send({ value: value.expose() });
      },
    );

    api.post(
      "/items/:name/download",
      {
        schema: {
          summary: "Download an item's file, or a part of it",
          description: "It is recorded in the audit log.",
          tags,
          params: ItemParams,
          body: Download,
          response: { 200: FileAnswer },
        },
      },
      async ({ params: { name }, body: { part } }, reply) => {
        const { fileName, content } = await recorded(record, { action: "download", item: name }, async () =>
          fileOf(await asked(vault.get(name)), part),
        );
        return reply.headers(fileHeaders(fileName)).send(content.expose());
      },
    );

    api.get(
      "/items/:name/request",
      {
        schema: {
          summary: "Download the request of an item that waits for its certificate",
          description: "A PKCS#10 request (CSR) in PEM. It holds no secret.",
          tags,
          params: ItemParams,
          response: { 200: FileAnswer },
        },
      },
      async ({ params: { name } }, reply) => {
        const item = vault.get(name);
        const request = kinds[item.kind].request?.pending(item);
        if (request === undefined) throw problem("item_not_waiting", { name });
        return reply.headers(fileHeaders(`${name}.csr`)).send(request);
      },
    );
  };

function fileOf(item: Item, part: string) {
  const kind = kinds[item.kind];
  const parts = partsOf(kind);
  const found = parts.find(({ name }) => name === part);
  if (found === undefined)
    throw problem("parameter_invalid", {
      where: "part",
      reason: `${kind.plural} have no part of that name; their parts are ${parts.map(({ name }) => name).join(", ")}`,
    });
  return found.file(item);
}

/** Names of items need no quoting: their letters are few. */
const fileHeaders = (fileName: string) => ({
  "Content-Type": "application/octet-stream",
  "Content-Disposition": `attachment; filename="${fileName}"`,
});
