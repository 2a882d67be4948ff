import { useRef, useState } from "preact/hooks";
import type { SeenRequest } from "../../api/shapes/live.ts";
import { countText } from "../ui/words.ts";
import { Charts } from "./charts.tsx";
import { Ended } from "./ended.tsx";
import { type Filter, noFilter, shown } from "./filter.ts";
import { FilterBar } from "./filter-bar.tsx";
import { useHeld } from "./held.ts";
import { useHour } from "./hour.ts";
import { InFlight } from "./in-flight.tsx";
import type { Lately } from "./lately.ts";
import { useLinked } from "./linked.ts";
import { RequestDialog } from "./request-dialog.tsx";

/** Of each table: what people look through, and what a browser draws twice a second without effort. */
const mostRows = 100;

export interface TrafficProps {
  readonly lately: Lately;
  readonly paused: boolean;
}

/** What is in flight, what has ended, and the last hour. */
export function Traffic({ lately, paused }: TrafficProps) {
  const [filter, setFilter] = useState<Filter>(noFilter);
  const [opened, open] = useState<SeenRequest>();
  useLinked(open);
  const [, setLeft] = useState(0);
  const tables = useRef<HTMLDivElement>(null);
  const hour = useHour(filter.endpoint);
  const held = paused || opened !== undefined || isLookedAt(tables.current);
  const { view, missed } = useHeld(lately, held);
  const ended = shown(view.ended, filter, mostRows);
  const inFlight = shown(view.inFlight, filter, mostRows);
  // Drawn anew when they are left, for what has come in the meantime.
  const rows = { onOpen: open, onLeave: () => setLeft((times) => times + 1) };
  return (
    <>
      <FilterBar filter={filter} onChange={setFilter} endpoints={hour.endpoints} />
      <div class="live-tables" ref={tables}>
        <section class="live-in-flight" aria-labelledby="live-in-flight">
          <h2 id="live-in-flight">In flight</h2>
          <p class="live-count">{countLine(inFlight.length, lately.inFlightCount)}</p>
          <InFlight
            requests={inFlight}
            none={view.inFlight.length > 0 ? "None of them fits the filter." : "Nothing is in flight."}
            {...rows}
          />
        </section>
        <section aria-labelledby="live-ended">
          <h2 id="live-ended">Ended</h2>
          <p class="live-count">
            {missed > 0 && `${countText(missed)} more ${paused ? "since the pause" : "while you look"}`}
          </p>
          <Ended
            requests={ended}
            none={
              view.ended.length > 0 ? "None of the last requests fits the filter." : "Nothing has ended yet."
            }
            {...rows}
          />
        </section>
      </div>
      <Charts {...hour} />
      <RequestDialog request={opened && newestOf(lately, opened)} onClose={() => open(undefined)} />
    </>
  );
}

/**
 * Whether the pointer or the focus is on a row. Rows move only when they are drawn, so that to look then is enough, and
 * no event can be missed.
 */
const isLookedAt = (tables: HTMLElement | null): boolean =>
  Boolean(tables?.querySelector("tbody :hover, tbody :focus-within"));

const countLine = (rows: number, all: number): string =>
  rows < all ? `${countText(rows)} of ${countText(all)}` : countText(all);

/** What is known by now of a request that was opened: it may have been in flight then. */
const newestOf = ({ inFlight, ended }: Lately, opened: SeenRequest): SeenRequest =>
  [...inFlight, ...ended].find(({ id }) => id === opened.id) ?? opened;
