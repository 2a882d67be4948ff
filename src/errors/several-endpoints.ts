import { secondsOf, upstream } from "./entry.ts";

/** Endpoints that serve the same model. */
export const severalEndpointsErrors = {
  endpoints_paused: {
    ...upstream(429, true, (d: { model: string; waitMs: number }) => [
      `every endpoint that serves the model "${d.model}" has asked for a pause`,
      `try again in ${secondsOf(d.waitMs)} s, raise retries.most-wait, or name the model under another endpoint too`,
    ]),
    type: "rate_limit_error",
    headers: (d: { waitMs: number }) => ["Retry-After", String(secondsOf(d.waitMs))],
  },
} as const;
