import type { EndpointType } from "../../config/config.ts";
import type { Kind } from "./kind.ts";

/** What each type of endpoint takes, and how to get it. */
const takes: Readonly<Record<EndpointType, { readonly says: string; readonly fix: string }>> = {
  dedicated: {
    says: "a dedicated endpoint takes the bearer token or the certificate that its deployment was given",
    fix: "add one with postern vault add bearer-token or certificate, and name it under the endpoint's credentials:",
  },
  serverless: {
    says: "the serverless API takes only a serverless API key",
    fix: "add one with postern vault add serverless-api-key, and name it under the endpoint's credentials:",
  },
  "hugging-face": {
    says: "the Hugging Face Hub takes only a Hugging Face token",
    fix: "add one with postern vault add hugging-face-token, and name it under the endpoint's credentials:",
  },
};

/** What a type of endpoint takes, in the platform's words. */
export const takenBy = (type: EndpointType): string => takes[type].says;

/** A kind's `misfit`: what the kind opens, in these words, and what the endpoint takes instead. */
export const misfitOf =
  (opens: string): Kind["misfit"] =>
  (type) => ({ reason: `${opens}; ${takes[type].says}`, fix: takes[type].fix });
