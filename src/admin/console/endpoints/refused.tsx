import type { ApiError } from "../api-error.ts";
import { Code } from "../ui/code.tsx";
import { Failure } from "../ui/failure.tsx";
import { Notice } from "../ui/notice.tsx";
import { sentence } from "../ui/words.ts";

/** Why the configuration was not changed, with the places of the file, or the lines to write there by hand. */
export function Refused({ error }: { readonly error: ApiError | undefined }) {
  const [message = "", ...places] = error?.message.split("\n") ?? [];
  const [hint = "", ...lines] = error?.hint.split("\n") ?? [];
  if (places.length + lines.length === 0) return <Failure error={error} />;
  return (
    <>
      <Notice tone="bad" title={sentence(message)}>
        {sentence(hint)}
      </Notice>
      <Code text={[...places, ...lines].join("\n").trimEnd()} label="Copy the lines" />
    </>
  );
}
