import type { SeenRequest } from "../../api/shapes/live.ts";
import { Tag } from "../ui/tag.tsx";
import { endingText, toneOf } from "./outcome.ts";

/** How a request ended, or that it has not. */
export const StateTag = ({ request }: { readonly request: SeenRequest }) =>
  request.outcome === undefined ? (
    <Tag tone="quiet">in flight</Tag>
  ) : (
    <Tag tone={toneOf(request)} title={`${endingText(request)} (${request.outcome})`}>
      {endingText(request)}
    </Tag>
  );
