import type { Config, EndpointConfig } from "../../config/config.ts";
import { problem } from "../../errors.ts";

/** The endpoint that the command line names. Throws `endpoint_absent` where the configuration has none of that name. */
export function endpointNamed({ endpoints }: Config, name: string): EndpointConfig {
  const endpoint = endpoints.get(name);
  if (endpoint === undefined)
    throw problem("endpoint_absent", { endpoint: name, known: [...endpoints.keys()] });
  return endpoint;
}
