import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { boundAt, localOrigin } from "../../config/local-bases.ts";
import { installationFolder } from "../../installation.ts";
import { nameOfPlace } from "../../vault/identity/identity.ts";
import type { AdminSources } from "../sources.ts";
import { About } from "./shapes/about.ts";

/** What runs here, and where its things lie. */
export const aboutRoutes =
  ({ adminUrl, config, gateway, state, vault }: AdminSources): FastifyPluginAsyncZod =>
  async (api) => {
    const version = installedVersion();
    const docs = join(installationFolder(), "docs", "README.md");
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

function installedVersion(): string {
  const text = readFileSync(join(installationFolder(), "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
