import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { token } from "./token.ts";

const title = "Hugging Face Token";

export const huggingFaceToken: Kind = {
  name: "hugging-face-token",
  title,
  plural: "Hugging Face Tokens",
  summary: "downloads models from the Hugging Face Hub",
  fits: ["hugging-face"],
  misfit: misfitOf("a Hugging Face token opens only the Hugging Face Hub"),
  ...token({ label: title, help: "as the Hub shows it: hf_…" }),
};
