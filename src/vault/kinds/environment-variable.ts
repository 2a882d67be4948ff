import type { Secret } from "../../secret.ts";
import type { Draft } from "../item.ts";
import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { factOf, givenFact, givenText, refused, singleValue } from "./value.ts";

/** A name that every shell can set (POSIX.1-2024, XBD §8.1). */
const posixName = /^[A-Za-z_][A-Za-z0-9_]*$/;

const value = singleValue("value");

/** An environment variable whose name and value can stand in an environment. */
export const environmentDraft = (variable: string, value: Secret): Draft => ({
  facts: { variable },
  secrets: { value },
});

export const environmentVariable: Kind = {
  name: "environment-variable",
  title: "Environment Variable",
  plural: "Environment Variables",
  summary: "is set for the programs that are given it",
  fields: [
    {
      name: "variable",
      label: "Variable",
      secret: false,
      required: false,
      help: "the variable's name (default: the item's)",
    },
    {
      name: "value",
      label: "Value",
      secret: true,
      required: true,
      help: "may have several lines",
      multiline: true,
    },
  ],
  fits: [],
  misfit: misfitOf("an environment variable is handed to programs, and no endpoint takes it"),
  accept: async (input) =>
    checked(input.name, givenFact(input, "variable") ?? input.name, givenText(input, "value")),
  ...value,
  recheck: (item) => void checked(item.name, factOf(item, "variable"), value.reveal(item)),
};

function checked(name: string, variable: string, text: Secret): Draft {
  if (!posixName.test(variable))
    throw refused(
      name,
      `"${variable}" cannot be a variable's name`,
      "give one of letters, digits and underscores, no digit first, with --variable NAME",
      "variable",
    );
  if (text.expose().includes("\0"))
    throw refused(name, "it has a zero byte in it, which no environment can hold", "give text");
  return environmentDraft(variable, text);
}
