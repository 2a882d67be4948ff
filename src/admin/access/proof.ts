import { createHmac } from "node:crypto";
import type { Secret } from "../../secret.ts";

/**
 * What only somebody who knows the admin token can say to a challenge. Asked for before the token is sent: where the
 * gateway does not run, another program may have taken its port.
 */
export const proofOf = (token: Secret, challenge: string): string =>
  createHmac("sha256", token.expose()).update(`postern proof ${challenge}`).digest("base64url");
