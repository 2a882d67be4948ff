import { wrongRequest, refused, unauthorized, unfit, secondsOf, meant } from "./entry.ts";

/** What the local key of an application allows. */
export const localKeyErrors = {
  local_key_required: unauthorized(() => [
    "this gateway wants a local key, and the request has none",
    "send it as the API key (Authorization: Bearer, x-api-key or api-key); postern key add NAME makes one",
  ]),
  local_key_unknown: unauthorized(() => [
    "the API key of the request is none of this gateway's local keys",
    "send the key that postern key add printed; postern key list shows the names of all",
  ]),
  local_key_forbids: refused(403, (d: { key: string; what: string }) => [
    `the local key "${d.key}" may not use ${d.what}`,
    `use another key, or change what keys.${d.key} allows in postern.yaml`,
  ]),
  local_key_name_invalid: wrongRequest(400, (d: { wrong: string; wayOut: string }) => [d.wrong, d.wayOut]),
  local_key_taken: unfit(409, 1, (d: { name: string }) => [
    `the key "${d.name}" is there already`,
    `choose another name, or remove it first: postern key remove ${d.name}`,
  ]),
  local_key_absent: unfit(404, 1, (d: { name: string; known: readonly string[] }) => [
    `there is no key "${d.name.slice(0, 80)}"`,
    meant(d.name, d.known, "keys"),
  ]),
  local_limit_reached: {
    status: 429,
    type: "rate_limit_error",
    retry: true,
    exit: 1,
    says: (d: { key: string; limit: string; most: number; waitMs: number }) => [
      `the local key "${d.key}" has used up its ${d.limit} (${d.most})`,
      `try again in ${secondsOf(d.waitMs)} s, or raise keys.${d.key}.limits.${d.limit}`,
    ],
    headers: ({ limit, waitMs }: { limit: string; waitMs: number }) =>
      ["Retry-After", String(secondsOf(waitMs))].concat("X-Postern-Limit", limit),
  },
} as const;
