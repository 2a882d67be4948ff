import { randomBytes } from "node:crypto";
import { Secret } from "../../secret.ts";
import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { bearerHeader, givenToken, singleValue, tokenDraft } from "./value.ts";

export const serverlessApiKey: Kind = {
  name: "serverless-api-key",
  title: "Serverless API Key",
  plural: "Serverless API Keys",
  summary: "opens the serverless API, and never a dedicated endpoint",
  fields: [
    {
      name: "value",
      label: "Serverless API Key",
      secret: true,
      required: true,
      help: 'the key alone, without "Bearer"',
    },
  ],
  fits: ["serverless"],
  misfit: misfitOf("a serverless API key opens only the serverless API, never a dedicated endpoint"),
  generate: async () => tokenDraft(new Secret(randomBytes(32).toString("base64url"))),
  accept: async (input) => tokenDraft(givenToken(input, "value")),
  ...singleValue("value"),
  attach: bearerHeader,
};
