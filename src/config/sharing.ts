import type { Choosing, EjectionConfig, EndpointConfig, ModelConfig, RetriesConfig } from "./config.ts";
import type { Written } from "./file-keys.ts";
import { parseDuration, parsePercent } from "./quantities.ts";
import type { Reading } from "./reading.ts";
import type { Report } from "./report.ts";
import { similar } from "./similar.ts";
import type { Path } from "./source.ts";

// How endpoints that serve the same model share its requests: models:, retries: and ejection:.

/** A model's requests go where the first endpoint that serves it takes them, unless the file says otherwise. */
export const defaultChoosing: Choosing = "in-order";

const defaultRetries: RetriesConfig = { attempts: 3, budget: 0.2, mostWaitMs: 5_000 };

const defaultEjection: EjectionConfig = { after: 5, forMs: 30_000 };

const mostAttempts = 10;
const mostFailures = 1000;
const mostWeight = 1000;

/** Reads `models:`; its names are those that endpoints serve. */
export function readModels(
  written: Written["models"],
  endpoints: ReadonlyMap<string, EndpointConfig>,
  report: Report,
): ReadonlyMap<string, ModelConfig> {
  const owners = new Map<string, string[]>();
  for (const { name, models, aliases } of endpoints.values())
    for (const model of [...models, ...aliases.keys()])
      owners.set(model, [...(owners.get(model) ?? []), name]);
  const read = new Map<string, ModelConfig>();
  for (const [model, { choose = defaultChoosing, weights }] of Object.entries(written ?? {})) {
    const path = ["models", model];
    const serving = owners.get(model);
    if (serving === undefined) refuseModel(path, model, [...owners.keys()], report);
    if (weights && choose !== "weighted")
      report.add(
        [...path, "weights"],
        `weights count for nothing with choose: ${choose}`,
        "write choose: weighted",
      );
    for (const [endpoint, weight] of Object.entries(weights ?? {})) {
      const at = [...path, "weights", endpoint];
      if (serving?.includes(endpoint) === false) refuseEndpoint(at, model, endpoint, serving, report);
      report.take(
        at,
        wholeNumber(weight, 0, mostWeight, "keep the proportion: 3 and 1 are as 0.75 and 0.25"),
      );
    }
    read.set(model, { choose, weights: new Map(Object.entries(weights ?? {})) });
  }
  return read;
}

export function readRetries(written: Written["retries"], report: Report): RetriesConfig {
  const { attempts, budget, "most-wait": mostWait } = written ?? {};
  const take = <F, T>(key: string, found: F | undefined, parse: (found: F) => Reading<T>, otherwise: T): T =>
    found === undefined ? otherwise : (report.take(["retries", key], parse(found)) ?? otherwise);
  return {
    attempts: take(
      "attempts",
      attempts,
      (n) => wholeNumber(n, 1, mostAttempts, "write how many times a request is sent at most; 1 is no retry"),
      defaultRetries.attempts,
    ),
    budget: take("budget", budget, parsePercent, defaultRetries.budget),
    mostWaitMs: take("most-wait", mostWait, parseDuration, defaultRetries.mostWaitMs),
  };
}

export function readEjection(written: Written["ejection"], report: Report): EjectionConfig {
  const { after, for: duration } = written ?? {};
  const failures =
    after === undefined
      ? undefined
      : report.take(
          ["ejection", "after"],
          wholeNumber(after, 0, mostFailures, "write how many failures in a row are too many; 0 is never"),
        );
  const forMs = duration === undefined ? undefined : report.take(["ejection", "for"], longEnough(duration));
  return { after: failures ?? defaultEjection.after, forMs: forMs ?? defaultEjection.forMs };
}

/** Not 0: that ejection is over at once, and its endpoint would still return by a tenth of its requests. */
function longEnough(found: string | number): Reading<number> {
  const reading = parseDuration(found);
  if (!("value" in reading) || reading.value > 0) return reading;
  return {
    wrong: `found ${found}; wanted a time from 1ms to 24h`,
    wayOut: "write a time such as 30s; to have no endpoint ejected, write after: 0",
  };
}

function refuseModel(path: Path, model: string, known: readonly string[], report: Report): void {
  const near = similar(model, known);
  report.add(
    path,
    `no endpoint serves the model "${model.slice(0, 80)}"`,
    near === undefined ? "name it under an endpoint's models: or aliases: too" : `did you mean "${near}"?`,
  );
}

function refuseEndpoint(
  path: Path,
  model: string,
  endpoint: string,
  serving: readonly string[],
  report: Report,
): void {
  const near = similar(endpoint, serving);
  report.add(
    path,
    `the endpoint "${endpoint.slice(0, 80)}" does not serve the model "${model.slice(0, 80)}"; those that do: ${serving.join(", ")}`,
    near === undefined ? "name one of these, or take it out" : `did you mean "${near}"?`,
  );
}

function wholeNumber(found: number, least: number, most: number, wayOut: string): Reading<number> {
  if (Number.isInteger(found) && found >= least && found <= most) return { value: found };
  return { wrong: `found ${found}; wanted a whole number from ${least} to ${most}`, wayOut };
}
