import { Notice } from "../ui/notice.tsx";
import { sentence } from "../ui/words.ts";
import type { Reply, Trouble } from "./exchange.ts";

/** What went wrong with a reply, who says so, and the way out. Nothing where all went well. */
export function TroubleNotice({ reply: { state, trouble } }: { readonly reply: Reply }) {
  if (trouble === undefined) return null;
  const { message, hint } = trouble.error;
  return (
    <Notice tone="bad" title={titleOf(state === "broken", trouble)}>
      <p class="trouble" dir="auto">
        {trouble.by === "endpoint" ? message : sentence(message)}
      </p>
      {hint !== "" && <p>{sentence(hint)}</p>}
    </Notice>
  );
}

function titleOf(broken: boolean, { by, error: { status } }: Trouble): string {
  if (broken) return "The answer broke off";
  return by === "endpoint" ? `The endpoint answered with status ${status}` : "The request was refused";
}
