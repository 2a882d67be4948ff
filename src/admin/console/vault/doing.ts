import type { Item } from "../../api/shapes/item.ts";
import type { Kind } from "../../api/shapes/kind.ts";
import type { Given } from "./given.ts";

/** What the open dialog is about. */
export type Doing =
  | { readonly what: "add"; readonly kind: Kind; readonly dropped?: Given }
  | { readonly what: "facts" | "complete" | "rename" | "rotate" | "back" | "delete"; readonly item: Item };
