import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { kindNames } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import type { Field, Kind } from "../../vault/kinds/kind.ts";
import { partsOf } from "../../vault/kinds/parts.ts";
import { Kinds } from "./shapes/kind.ts";

/** What the kinds declare, for forms. */
export const kindRoutes = (): FastifyPluginAsyncZod => async (api) => {
  api.get(
    "/kinds",
    { schema: { summary: "List the kinds of item", tags: ["vault"], response: { 200: Kinds } } },
    () => ({ kinds: kindNames.map((name) => declared(kinds[name])) }),
  );
};

const declared = (kind: Kind) => ({
  name: kind.name,
  title: kind.title,
  plural: kind.plural,
  summary: kind.summary,
  fields: asked(kind.fields),
  generates: kind.generate !== undefined,
  choices: asked(kind.choices ?? []),
  requests: kind.request !== undefined,
  request: asked(kind.request?.fields ?? []),
  downloads: partsOf(kind).map(({ name, title, help, secret }) => ({ part: name, title, help, secret })),
});

/** Without those that say where a value comes from: they name files and commands of this machine. */
const asked = (fields: readonly Field[]) =>
  fields
    .filter(isAsked)
    .map(({ name, label, help, secret, required, multiline = false, binary = false, options = [] }) => ({
      name,
      label,
      help,
      secret,
      required,
      multiline,
      binary,
      options: [...options],
    }));

/** Whether a field is one of forms. A source's time to live goes with a source. */
export const isAsked = ({ instead, name }: Field): boolean => instead !== true && name !== "ttl";
