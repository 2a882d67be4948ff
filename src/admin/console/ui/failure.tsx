import type { ApiError } from "../api-error.ts";
import { Notice } from "./notice.tsx";
import { sentence } from "./words.ts";

/** What the API said against something: what is wrong, and the way out. Nothing without an error. */
export const Failure = ({ error }: { readonly error: ApiError | undefined }) =>
  error === undefined ? null : (
    <Notice tone="bad" title={sentence(error.message)}>
      {error.hint === "" ? undefined : sentence(error.hint)}
    </Notice>
  );
