import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { bearerHeader, givenToken, singleValue, tokenDraft } from "./value.ts";

export const huggingFaceToken: Kind = {
  name: "hugging-face-token",
  title: "Hugging Face Token",
  plural: "Hugging Face Tokens",
  summary: "downloads models from the Hugging Face Hub",
  fields: [
    {
      name: "value",
      label: "Hugging Face Token",
      secret: true,
      required: true,
      help: "as the Hub shows it: hf_…",
    },
  ],
  fits: ["hugging-face"],
  misfit: misfitOf("a Hugging Face token opens only the Hugging Face Hub"),
  accept: async (input) => tokenDraft(givenToken(input, "value")),
  ...singleValue("value"),
  attach: bearerHeader,
};
