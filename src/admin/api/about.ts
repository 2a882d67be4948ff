import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { boundAt, localOrigin } from "../../config/local-bases.ts";
import { nameOfPlace } from "../../vault/identity/identity.ts";
import type { AdminSources } from "../sources.ts";
import { About } from "./shapes/about.ts";

/** What runs here, and where its things lie. */
export const aboutRoutes =
  ({ adminUrl, config, gateway, state, vault }: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    const { version, docs } = packageOf(import.meta.url);
    api.get(
      "/about",
      {
        schema: {
          summary: "Tell what runs here",
          description: "Versions, addresses and places; no secret.",
          tags: ["about"],
          response: { 200: About },
        },
      },
      async () => {
        const { openssl, llhttp = "", v8 } = process.versions;
        const { file, vault: vaultFile, identity } = config();
        const { workers } = await state();
        return {
          version,
          node: process.versions.node,
          platform: `${process.platform} ${process.arch}`,
          libraries: { openssl, llhttp, v8 },
          pid: process.pid,
          uptimeSeconds: Math.round(process.uptime()),
          memoryBytes: process.memoryUsage.rss(),
          workers,
          listen: [...gateway.listen()],
          local: boundAt(gateway.listen()[0] ?? "").map(localOrigin)[0] ?? "",
          admin: adminUrl(),
          configuration: file,
          documentation: docs,
          vault: {
            file: vaultFile,
            generation: vault.generation,
            recipients: [...vault.recipients()],
            identity: nameOfPlace(identity),
          },
        };
      },
    );
  };

/** What is known of the package that a module belongs to, in a checkout and in a bundle alike. */
function packageOf(module: string): { readonly version: string; readonly docs: string } {
  const file = findPackageJSON(module) ?? "package.json";
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return { version, docs: join(dirname(file), "docs", "README.md") };
}
