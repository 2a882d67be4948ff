import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { newToken, token } from "./token.ts";

const title = "Bearer Token";

export const bearerToken: Kind = {
  name: "bearer-token",
  title,
  plural: "Bearer Tokens",
  summary: "opens the dedicated and private endpoints whose deployment was given it",
  fits: ["dedicated"],
  misfit: misfitOf(
    "a bearer token opens only the dedicated and private endpoints whose deployment was given it",
  ),
  ...token({ label: title, help: 'the token alone, without "Bearer"' }),
  ...newToken(title),
};
