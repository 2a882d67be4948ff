import type { Field } from "../../api/shapes/kind.ts";
import type { Values } from "../../api/shapes/item.ts";

/** A file as the API takes it. */
export interface GivenFile {
  readonly file: string;
  readonly base64: string;
}

/** What stands in a form, by the fields' names. */
export type Given = Readonly<Record<string, string | GivenFile>>;

/** More than any credential takes; the API refuses it too, but only after the way there. */
const largestBytes = 1024 * 1024;

/** Reads a file that somebody chose. Throws an Error whose message can be shown. */
export async function readFile(file: File): Promise<GivenFile> {
  if (file.size > largestBytes)
    throw new Error(
      `${file.name} is larger than 1 MiB: choose the file that holds the credential and nothing else`,
    );
  return { file: file.name, base64: await base64Of(file) };
}

const base64Of = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve((reader.result as string).replace(/^[^,]*,/, "")));
    reader.addEventListener("error", () => reject(new Error(`${file.name} cannot be read`)));
    reader.readAsDataURL(file);
  });

/** The name that an item of this file is likely to have: `gen-cert` of `gen-cert.pem`. */
export const nameOfFile = (file: string): string =>
  file
    .replace(/\.[A-Za-z0-9]{1,4}$/, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 64);

/** Only what was filled in: an empty field is left to its default. */
export const filled = (fields: readonly Field[], given: Given): Values =>
  Object.fromEntries(
    fields.flatMap(({ name }) => {
      const value = given[name];
      return value === undefined || value === "" ? [] : [[name, value] as const];
    }),
  );

/** The same for choices, which are never files. */
export const chosen = (fields: readonly Field[], given: Given): Record<string, string> =>
  Object.fromEntries(
    Object.entries(filled(fields, given)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
