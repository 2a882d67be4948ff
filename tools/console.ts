// Builds the console beside the place where it is served from, then puts it there: see console.sh.
import { mkdtemp, mkdir, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";

const root = join(import.meta.dirname, "..");
const target = join(root, "dist", "console");

await mkdir(join(root, "dist"), { recursive: true });
const folder = await mkdtemp(join(root, "dist", ".console-"));
try {
  const begun = new Date();
  const built = join(folder, "new");
  await build({
    root: join(root, "src/admin/console"),
    configFile: join(root, "vite.config.ts"),
    build: { outDir: built },
  });
  // A source that changes while it is built is newer than this, and is built the next time.
  await utimes(join(built, "index.html"), begun, begun);
  for (;;) {
    await rename(target, join(folder, "old")).catch(unlessMissing);
    try {
      await rename(built, target);
      break;
    } catch (error) {
      // Another build has put its own there in between.
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      await rm(join(folder, "old"), { recursive: true, force: true });
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
