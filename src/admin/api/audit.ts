import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { problem } from "../../errors.ts";
import { auditPage } from "../../vault/audit/audit-page.ts";
import type { AdminSources } from "../sources.ts";
import { AuditPage, AuditQuery } from "./shapes/audit.ts";

/** The record of the vault's use. */
export const auditRoutes =
  ({ config }: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    api.get(
      "/audit",
      {
        schema: {
          summary: "List the uses of the vault",
          description: "Who used which credential, when and where: the newest first, page by page.",
          tags: ["audit"],
          querystring: AuditQuery,
          response: { 200: AuditPage },
        },
      },
      async ({ query: { limit, before, since, ...choice } }) => {
        const { file, keep } = config().audit;
        if (file === undefined) throw problem("audit_off", undefined);
        const { entries, next } = await auditPage(
          { file, keep },
          { ...choice, since: since === undefined ? undefined : new Date(since) },
          { limit, before },
        );
        return { uses: [...entries], ...(next === undefined ? {} : { next }) };
      },
    );
  };
