import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import type { Plugin } from "rolldown";

/** The codings that browsers take, by the ending of the file that holds a file in it. */
const codings = {
  br: promisify(brotliCompress),
  gz: (bytes: Buffer): Promise<Buffer> => promisify(gzip)(bytes, { level: 9 }),
};

/** Puts each file compressed beside itself, once and as small as it gets: who serves it does not spend the time. */
export const compressed: Plugin = {
  name: "compressed",
  async writeBundle({ dir = "." }, bundle) {
    const pairs = Object.keys(bundle).flatMap((name) =>
      Object.entries(codings).map(([ending, compress]) => ({ file: join(dir, name), ending, compress })),
    );
    await Promise.all(
      pairs.map(async ({ file, ending, compress }) =>
        writeFile(`${file}.${ending}`, await compress(await readFile(file))),
      ),
    );
  },
};
