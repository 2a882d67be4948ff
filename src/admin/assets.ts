import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { problem } from "../errors.ts";
import { installationFolder } from "../installation.ts";

/** How a file may be compressed, and how its name ends then; in the order in which we like to send them. */
const codings = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;
type Coding = (typeof codings)[number][0];

/** A file of the console, as it is sent. */
export interface Asset {
  readonly type: string;
  /** What its name holds a hash of never changes. */
  readonly immutable: boolean;
  readonly bytes: Buffer;
  /** Only those that are smaller. */
  readonly coded: ReadonlyMap<Coding, Buffer>;
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

/** Reads the console's files into memory, by their paths. Throws `console_unbuilt` where there are none. */
export async function readAssets(
  folder = join(installationFolder(), "dist", "console"),
): Promise<ReadonlyMap<string, Asset>> {
  if (!existsSync(join(folder, "index.html"))) throw problem("console_unbuilt", undefined);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, Buffer>();
  for (const entry of entries)
    if (entry.isFile()) {
      const file = join(entry.parentPath, entry.name);
      files.set(file.slice(folder.length).replaceAll(sep, "/"), await readFile(file));
    }
  return new Map(
    [...files].flatMap(([path, bytes]) => {
      const type = types[extname(path)];
      return type === undefined ? [] : [[path, assetOf(path, type, bytes, files)]];
    }),
  );
}

function assetOf(path: string, type: string, bytes: Buffer, files: ReadonlyMap<string, Buffer>): Asset {
  const coded = codings.flatMap(([coding, ending]): [Coding, Buffer][] => {
    const smaller = files.get(path + ending);
    return smaller !== undefined && smaller.length < bytes.length ? [[coding, smaller]] : [];
  });
  return { type, immutable: path.startsWith("/assets/"), bytes, coded: new Map(coded) };
}

/** The coding that a request accepts best (RFC 9110 §12.5.3); undefined for none. */
export function codingFor(accepted: string, { coded }: Asset): Coding | undefined {
  const wanted = new Set(
    accepted
      .toLowerCase()
      .split(",")
      .map((part) => part.split(";").map((word) => word.trim()))
      .filter(([, weight = ""]) => !/^q=0(?:\.0*)?$/.test(weight))
      .map(([name = ""]) => name),
  );
  return [...coded.keys()].find((coding) => wanted.has(coding));
}
