import { Secret } from "../../secret.ts";
import type { Item } from "../item.ts";
import type { Kind } from "./kind.ts";

/** A file that can be had of an item. */
export interface Part {
  /** "file" for the item's own; otherwise what the option of `vault download` is called. */
  readonly name: string;
  /** As a menu names it. */
  readonly title: string;
  readonly help: string;
  /** Whether it holds what is secret. */
  readonly secret: boolean;
  /** Throws a PosternError where this item has no such part. */
  readonly file: Kind["download"];
}

/** The files that can be had of a kind's items, the item's own first. */
export function partsOf({ download, privateFile, publicParts = [] }: Kind): readonly Part[] {
  const own =
    privateFile === undefined
      ? { title: "file", help: "the whole of it" }
      : { title: "public key", help: "its public half" };
  return [
    { name: "file", ...own, secret: privateFile === undefined, file: download },
    ...(privateFile === undefined
      ? []
      : [
          {
            name: "private",
            title: "private key",
            help: "its private half",
            secret: true,
            file: privateFile,
          },
        ]),
    ...publicParts.map(({ option, title, help, file }) => ({
      name: option,
      title,
      help,
      secret: false,
      file: (item: Item) => {
        const { fileName, content } = file(item);
        return { fileName, content: new Secret(content) };
      },
    })),
  ];
}
