import type { Config } from "../../config/config.ts";
import { endpointsWith } from "../../config/users.ts";
import { problem } from "../../errors.ts";
import type { Item } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { type Line, lineOf } from "../lines.ts";

/** A note for each item that waits for the answer to its request, where no endpoint names it and so says it already. */
export const waitingLines = (config: Config, items: readonly Item[]): readonly Line[] =>
  items
    .filter((item) => kinds[item.kind].request?.pending(item) !== undefined)
    .filter(({ name }) => endpointsWith(config, name).length === 0)
    .map(({ name }) => lineOf(`item ${name}`, problem("certificate_waiting", { item: name }), "note"));
