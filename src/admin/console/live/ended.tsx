import { durationText } from "../ui/words.ts";
import { secondText, speedText } from "./figures.ts";
import { Model } from "./model.tsx";
import { type Column, RequestTable, type RequestTableProps } from "./request-table.tsx";
import { StateTag } from "./state-tag.tsx";

const columns: readonly Column[] = [
  {
    name: "Time",
    width: 7,
    cell: ({ startedAt, durationMs }) => secondText(Date.parse(startedAt) + durationMs),
  },
  { name: "Endpoint", width: 8.5, cell: ({ endpoint }) => endpoint ?? "–" },
  { name: "Model", cell: ({ model }) => <Model name={model} /> },
  { name: "Status", width: 4.6, numeric: true, cell: ({ status }) => status ?? "–" },
  {
    name: "First token",
    width: 6.5,
    numeric: true,
    cell: ({ timeline }) => (timeline.firstTokenMs === undefined ? "–" : durationText(timeline.firstTokenMs)),
  },
  {
    name: "Speed",
    width: 6.4,
    numeric: true,
    cell: ({ tokensPerSecond }) => (tokensPerSecond === undefined ? "–" : speedText(tokensPerSecond)),
  },
  { name: "Outcome", width: 17.5, cell: (request) => <StateTag request={request} /> },
  { name: "Took", width: 6.8, numeric: true, cell: ({ durationMs }) => durationText(durationMs) },
];

/** What has been answered lately, the newest first. */
export const Ended = (props: Omit<RequestTableProps, "label" | "columns">) => (
  <RequestTable label="Ended" columns={columns} {...props} />
);
