import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { problem } from "../../errors.ts";
import { replace } from "../../replace.ts";
import { recorded } from "../../vault/audit/audit.ts";
import type { Item } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import type { Kind } from "../../vault/kinds/kind.ts";
import { partsOf } from "../../vault/kinds/parts.ts";
import { asked } from "../../vault/tokens/token-asked.ts";
import { type Io, say } from "../io.ts";
import { configOption } from "../place.ts";
import { openFor } from "./vault-open.ts";

type Options = Readonly<Record<string, string | true | undefined>> & {
  readonly config?: string;
  readonly out: string;
};

/** The options for a public part of an item, with what they say. */
const publicParts = (): ReadonlyMap<string, string> =>
  new Map(
    Object.values(kinds).flatMap(({ plural, publicParts = [] }) =>
      publicParts.map(({ option, help }) => [option, `of ${plural}: ${help}`]),
    ),
  );

/** `postern vault download`: an item's file, or a part of it. */
export function defineDownload(io: Io): Command {
  const command = new Command("download")
    .description("write an item's file, such as NAME.pem")
    .argument("<name>", "the item's name")
    .option(...configOption)
    .option("--out <dir>", "the folder to write it into", ".")
    .option("--stdout", "write it to standard output instead")
    .option("--private", "of an SSH key: write the private half, not the public one");
  for (const [option, help] of publicParts()) command.option(`--${option}`, help);
  return command
    .addHelpText("after", "\nExample: postern vault download gen-cert --out ~/certs")
    .action((name: string, o: Options) => download(io, name, o));
}

async function download(io: Io, name: string, o: Options): Promise<void> {
  const { vault, record } = await openFor(io, o.config, "vault download");
  const file = await recorded(record, { action: "download", item: name }, async () =>
    chosen(await asked(vault.get(name), io.ended), o),
  );
  if (o["stdout"] === true) io.stdout.write(file.content.expose());
  else say(io, `wrote ${await saveDownload(io, file, o.out)}`);
}

/** The file that the options ask for. */
function chosen(item: Item, o: Options): Download {
  const kind = kinds[item.kind];
  const asked = [...publicParts().keys(), "private"].filter((option) => o[option] === true);
  if (asked.length > 1)
    throw problem("usage", {
      message: `--${asked.join(" and --")}: only one part can be written at once`,
      hint: "leave the others out",
    });
  const [option = "file"] = asked;
  const part = partsOf(kind).find(({ name }) => name === option);
  if (part === undefined)
    throw problem("usage", {
      message: `--${option} is not for ${kind.plural}`,
      hint: `postern vault download ${item.name} writes its file`,
    });
  const isPublicPart = kind.publicParts?.some((one) => one.option === option) === true;
  return { ...part.file(item), ...(isPublicPart && { mode: 0o644 }) };
}

type Download = ReturnType<Kind["download"]> & {
  /** For its owner only, unless this says otherwise. */
  readonly mode?: number;
};

/**
 * Writes an item's file into a folder and returns its path. Throws `file_exists` where there is one, and leaves
 * nothing behind when it fails.
 */
export async function saveDownload(
  io: Io,
  { fileName, content, mode }: Download,
  folder: string,
): Promise<string> {
  const file = join(resolve(io.cwd, folder), fileName);
  await replace(file, content.expose(), { fresh: true, mode });
  return file;
}

/** Removes a file that this command has written. */
export const discard = (file: string): Promise<void> => rm(file, { force: true });
