import type { SeenRequest } from "../../api/shapes/live.ts";
import { durationText, sizeText } from "../ui/words.ts";
import { Model } from "./model.tsx";
import { type Column, RequestTable, type RequestTableProps } from "./request-table.tsx";
import { StateTag } from "./state-tag.tsx";
import { StopButton } from "./stop-button.tsx";
import { secondText } from "./figures.ts";

/** Tokens are counted at the end, by the answer itself: until then its bytes tell how far it is. */
const progress = ({ outputTokens, receivedBytes }: SeenRequest): string =>
  outputTokens === undefined ? sizeText(receivedBytes) : `${outputTokens} tokens`;

const columns: readonly Column[] = [
  { name: "Began", width: 7, cell: ({ startedAt }) => secondText(Date.parse(startedAt)) },
  { name: "Endpoint", width: 8.5, cell: ({ endpoint }) => endpoint ?? "–" },
  { name: "Model", cell: ({ model }) => <Model name={model} /> },
  { name: "Age", width: 6.5, numeric: true, cell: ({ durationMs }) => durationText(durationMs) },
  {
    name: "First token",
    width: 6.5,
    numeric: true,
    cell: ({ timeline }) => (timeline.firstTokenMs === undefined ? "–" : durationText(timeline.firstTokenMs)),
  },
  { name: "So far", width: 6.5, numeric: true, cell: progress },
  {
    name: "State",
    width: 9,
    cell: (request) =>
      request.outcome === undefined ? <StopButton id={request.id} /> : <StateTag request={request} />,
  },
];

/** What is being answered now. */
export const InFlight = (props: Omit<RequestTableProps, "label" | "columns">) => (
  <RequestTable label="In flight" columns={columns} {...props} />
);
