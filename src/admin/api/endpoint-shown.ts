import { createHash } from "node:crypto";
import { parse } from "yaml";
import { type Config, type EndpointConfig, endpointTypes } from "../../config/config.ts";
import { localBases } from "../../config/local-bases.ts";
import { kindNames } from "../../vault/item.ts";
import { takenBy } from "../../vault/kinds/fit.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { pair } from "../../vault/pairing.ts";
import type { AdminSources, EndpointState } from "../sources.ts";
import type { Endpoint, Endpoints } from "./shapes/endpoint.ts";
import type { SeenRequest } from "./shapes/live.ts";

const dayMs = 86_400_000;

type Written = Readonly<Record<string, unknown>>;

/** The endpoints of a configuration's text, by name and key, as they are written there. */
export function writtenIn(text: string): ReadonlyMap<string, Written> {
  const file = parse(text, { stringKeys: true }) as { endpoints?: Record<string, Written> | null } | null;
  return new Map(Object.entries(file?.endpoints ?? {}));
}

/** Stands for what an endpoint says: another one whenever that has changed. */
export const versionOf = (written: Written): string =>
  createHash("sha256").update(JSON.stringify(written)).digest("hex").slice(0, 16);

/** The endpoints with how they are. */
export async function shownEndpoints(sources: AdminSources, now: Date): Promise<Endpoints> {
  const config = sources.config();
  const written = writtenIn(sources.text());
  const [{ endpoints: states }, latest] = await Promise.all([sources.state(), sources.live.latest()]);
  return {
    file: config.file,
    demandsKeys: config.keys !== undefined,
    types: endpointTypes.map((type) => ({
      type,
      kinds: kindNames.filter((kind) => kinds[kind].fits.includes(type)),
      takes: takenBy(type),
    })),
    endpoints: [...config.endpoints.values()].map((endpoint) =>
      shownEndpoint(endpoint, written.get(endpoint.name) ?? {}, {
        sources,
        config,
        now,
        state: states.find((state) => state.endpoint === endpoint.name),
        last: latest.get(endpoint.name),
      }),
    ),
  };
}

function shownEndpoint(
  endpoint: EndpointConfig,
  written: Written,
  o: {
    readonly sources: AdminSources;
    readonly config: Config;
    readonly now: Date;
    readonly state: EndpointState | undefined;
    readonly last: SeenRequest | undefined;
  },
): Endpoint {
  const { sources, config, now, state, last } = o;
  const { name, type, origin, basePath, credentials, models, aliases } = endpoint;
  const findings = pair(endpoint, (item) => sources.vault.find(item), now).map(({ level, item, error }) => ({
    level,
    item,
    code: error.code,
    message: error.message,
    hint: error.hint,
  }));
  const ready = state?.ready ?? false;
  return {
    name,
    type,
    url: `${origin}${basePath}`,
    credentials: [...credentials],
    models: [...models],
    aliases: Object.fromEntries(aliases),
    written,
    version: versionOf(written),
    local: [...localBases(config, name, sources.gateway.listen()[0])],
    default: config.defaultEndpoint === name,
    usedBy: usersOf(config, endpoint),
    ready,
    refuses: ready
      ? null
      : {
          code: state?.code ?? "internal",
          message: state?.message ?? "its state is not known yet",
          hint: findings.find(({ code }) => code === state?.code)?.hint ?? "",
        },
    findings,
    certificate: certificateOf(endpoint, sources, now),
    last: last === undefined ? null : lastOf(last),
  };
}

function certificateOf(
  { credentials }: EndpointConfig,
  { vault }: AdminSources,
  now: Date,
): Endpoint["certificate"] {
  const item = credentials.map((name) => vault.find(name)).find((item) => item?.kind === "certificate");
  if (item?.expires === undefined) return null;
  const daysLeft = Math.floor((item.expires.getTime() - now.getTime()) / dayMs);
  return { item: item.name, expires: item.expires.toISOString(), daysLeft };
}

function lastOf({
  startedAt,
  durationMs,
  status,
  outcome = "",
  code,
  timeline,
}: SeenRequest): Endpoint["last"] {
  return {
    at: new Date(Date.parse(startedAt) + durationMs).toISOString(),
    good: outcome === "done" && (status ?? 500) < 400,
    status,
    outcome,
    code,
    latencyMs: timeline.firstByteMs ?? durationMs,
  };
}

/** The places of the file that name an endpoint, or a model that nobody else serves. */
function usersOf(config: Config, { name, models, aliases }: EndpointConfig): string[] {
  const served = new Set([...models, ...aliases.keys()]);
  const elsewhere = (model: string): boolean =>
    [...config.endpoints.values()].some(
      (other) => other.name !== name && (other.models.includes(model) || other.aliases.has(model)),
    );
  return [
    ...(config.defaultEndpoint === name ? ["default-endpoint"] : []),
    ...[...(config.keys?.values() ?? [])]
      .filter(({ endpoints }) => endpoints.includes(name))
      .map((key) => `keys.${key.name}`),
    ...[...config.models]
      .filter(([model, { weights }]) => weights.has(name) || (served.has(model) && !elsewhere(model)))
      .map(([model]) => `models.${model}`),
  ];
}
