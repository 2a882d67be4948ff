import { z } from "zod";
import { Secret } from "../../secret.ts";
import { type Draft, type Item, itemName, kindNames } from "../item.ts";

const fields = z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/, "not a field's name"), z.string());
const date = z.iso
  .datetime("not a time in UTC, such as 2026-01-31T12:00:00.000Z")
  .transform((text) => new Date(text));
const value = { changed: date, expires: date.optional(), facts: fields, secrets: fields };

/** An item as the vault and its exports write it. */
export const StoredItem = z.strictObject({
  name: z.string().regex(itemName, "not an item's name"),
  kind: z.enum(kindNames, `not one of the kinds ${kindNames.join(", ")}`),
  created: date,
  ...value,
  previous: z.strictObject({ until: date, ...value }).optional(),
});

/** An item with its secrets open, for JSON that is sealed next. */
export function stored(item: Item): object {
  const { name, kind, created, changed, previous } = item;
  return {
    name,
    kind,
    created,
    changed,
    ...exposed(item),
    ...(previous !== undefined && {
      previous: { until: previous.until, changed: previous.changed, ...exposed(previous) },
    }),
  };
}

const exposed = ({ expires, facts, secrets }: Draft): object => ({
  ...(expires !== undefined && { expires }),
  facts,
  secrets: Object.fromEntries(Object.entries(secrets).map(([field, secret]) => [field, secret.expose()])),
});

/** An item as it was read, with its secrets closed again. */
export function unstored({ previous, ...item }: z.infer<typeof StoredItem>): Item {
  const { name, kind, created, changed } = item;
  return {
    name,
    kind,
    created,
    changed,
    ...closed(item),
    ...(previous !== undefined && {
      previous: { until: previous.until, changed: previous.changed, ...closed(previous) },
    }),
  };
}

type Value = Pick<z.infer<typeof StoredItem>, "expires" | "facts" | "secrets">;

function closed({ expires, facts, secrets }: Value): Draft {
  return {
    ...(expires !== undefined && { expires }),
    facts,
    secrets: Object.fromEntries(Object.entries(secrets).map(([field, text]) => [field, new Secret(text)])),
  };
}
