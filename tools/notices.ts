import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "rolldown";

/** The folder of the package that a module belongs to. */
const packageOf = (module: string): string | undefined =>
  /^(?:.*[\\/])?node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(module)?.[0];

/** Puts the licences of what is bundled beside the bundle, as they ask. */
export const notices: Plugin = {
  name: "notices",
  generateBundle() {
    const folders = new Set([...this.getModuleIds()].flatMap((module) => packageOf(module) ?? []));
    const texts = [...folders].toSorted().flatMap((folder) => {
      if (!existsSync(join(folder, "package.json"))) return [];
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:\.|$)/i.test(entry));
      const words =
        file === undefined ? `Licence: ${license}` : readFileSync(join(folder, file), "utf8").trim();
      return [`${name} ${version}\n\n${words}\n`];
    });
    this.emitFile({
      type: "asset",
      fileName: "THIRD-PARTY.txt",
      source: texts.join(`\n${"-".repeat(78)}\n\n`),
    });
  },
};
