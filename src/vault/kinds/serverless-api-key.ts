import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { newToken, token } from "./token.ts";

const title = "Serverless API Key";

export const serverlessApiKey: Kind = {
  name: "serverless-api-key",
  title,
  plural: "Serverless API Keys",
  summary: "opens the serverless API, and never a dedicated endpoint",
  fits: ["serverless"],
  misfit: misfitOf("a serverless API key opens only the serverless API, never a dedicated endpoint"),
  ...token({ label: title, help: 'the key alone, without "Bearer"' }),
  ...newToken(title),
};
