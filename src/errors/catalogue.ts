// docs/errors.md describes each code; a test compares the two both ways.
import { requestErrors } from "./request.ts";
import { localKeyErrors } from "./local-keys.ts";
import { severalEndpointsErrors } from "./several-endpoints.ts";
import { credentialErrors } from "./credentials.ts";
import { upstreamErrors } from "./upstream.ts";
import { gatewayErrors } from "./gateway.ts";
import { adminErrors } from "./admin.ts";
import { configurationErrors } from "./configuration.ts";
import { vaultErrors } from "./vault.ts";
import { programErrors } from "./programs.ts";

/** Every error of Postern, by its stable code. */
export const catalogue = {
  ...requestErrors,
  ...localKeyErrors,
  ...severalEndpointsErrors,
  ...credentialErrors,
  ...upstreamErrors,
  ...gatewayErrors,
  ...adminErrors,
  ...configurationErrors,
  ...vaultErrors,
  ...programErrors,
} as const;

export type Code = keyof typeof catalogue;

/** What the words of an error are made of. */
export type Details<C extends Code> = Parameters<(typeof catalogue)[C]["says"]>[0];
