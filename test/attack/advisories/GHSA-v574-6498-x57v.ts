import { passes, request, type Vectors, type Verdict } from "../vector.ts";

const second = (path: string): Verdict => ({ kind: "passes", line: `GET /openai/v1x${path}`, body: "" });

/**
 * @fastify/reply-from (also CVE-2026-16158): a cache of targets was keyed by base and path joined into one text, so
 * that a request could go to the endpoint of another. The endpoints here have the bases /openai/v1 and /openai/v1x.
 */
export const joinedCacheKeys: Vectors = {
  "paths that are equal when base and path are joined": {
    sends: ["/private/v1/x/y", "/second/v1/y", "/private/v1/x/y"]
      .map((path) => request(`GET ${path}`))
      .join(""),
    comes: [passes("GET /x/y"), second("/y"), passes("GET /x/y")],
  },
  "the same path of each endpoint, in turn": {
    sends: ["/private/v1/y", "/second/v1/y", "/second/v1/y", "/private/v1/y"]
      .map((path) => request(`GET ${path}`))
      .join(""),
    comes: [passes("GET /y"), second("/y"), second("/y"), passes("GET /y")],
  },
  "a path that begins like the other's base": {
    sends: request("GET /private/v1x/y") + request("GET /second/v1/y"),
    comes: [passes("GET /v1x/y"), second("/y")],
  },
};
