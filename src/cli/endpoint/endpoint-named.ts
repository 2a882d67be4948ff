import type { Config, EndpointConfig } from "../../config/config.ts";
import { similar } from "../../config/similar.ts";
import { problem } from "../../errors.ts";

/** The endpoint that the command line names. Throws `usage` where the configuration has none of that name. */
export function endpointNamed({ endpoints }: Config, name: string): EndpointConfig {
  const endpoint = endpoints.get(name);
  if (endpoint !== undefined) return endpoint;
  const known = [...endpoints.keys()];
  const near = similar(name, known);
  throw problem("usage", {
    message: `there is no endpoint "${name}"`,
    hint: near === undefined ? `the endpoints are: ${known.join(", ") || "none"}` : `did you mean "${near}"?`,
  });
}
