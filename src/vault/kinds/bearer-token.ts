import { randomBytes } from "node:crypto";
import { Secret } from "../../secret.ts";
import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { bearerHeader, givenToken, singleValue, tokenDraft } from "./value.ts";

export const bearerToken: Kind = {
  name: "bearer-token",
  title: "Bearer Token",
  plural: "Bearer Tokens",
  summary: "opens the dedicated and private endpoints whose deployment was given it",
  fields: [
    {
      name: "value",
      label: "Bearer Token",
      secret: true,
      required: true,
      help: 'the token alone, without "Bearer"',
    },
  ],
  fits: ["dedicated"],
  misfit: misfitOf(
    "a bearer token opens only the dedicated and private endpoints whose deployment was given it",
  ),
  generate: async () => tokenDraft(new Secret(randomBytes(32).toString("base64url"))),
  accept: async (input) => tokenDraft(givenToken(input, "value")),
  ...singleValue("value"),
  attach: bearerHeader,
};
