import { fileStore } from "./file.ts";
import type { Store } from "./store.ts";

/** The stores by the scheme of `vault:` in the configuration. */
export const stores: Readonly<Record<"file", (place: string) => Store>> = { file: fileStore };
