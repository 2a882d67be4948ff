import type { KindName } from "../item.ts";
import { bearerToken } from "./bearer-token.ts";
import { certificate } from "./certificate.ts";
import { environmentVariable } from "./environment-variable.ts";
import { huggingFaceToken } from "./hugging-face-token.ts";
import type { Kind } from "./kind.ts";
import { registryCredentials } from "./registry-credentials.ts";
import { serverlessApiKey } from "./serverless-api-key.ts";
import { sshKey } from "./ssh-key.ts";

/** Every kind of item, by its name. */
export const kinds: Readonly<Record<KindName, Kind>> = {
  "serverless-api-key": serverlessApiKey,
  "bearer-token": bearerToken,
  certificate,
  "registry-credentials": registryCredentials,
  "environment-variable": environmentVariable,
  "hugging-face-token": huggingFaceToken,
  "ssh-key": sshKey,
};
