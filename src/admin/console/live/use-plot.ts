import { useEffect, useRef } from "preact/hooks";
import type { Line } from "./lines.ts";
import { Plot } from "./plot.ts";
import { useThemeChanges } from "./theme-changes.ts";

/** Keeps a drawing in step with what it shows, and makes it anew when its lines or the page's look change. */
export function usePlot(
  labels: readonly string[],
  times: readonly number[],
  lines: readonly Line[],
  text: (value: number) => string,
  onPoint: (index: number | undefined) => void,
) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>(undefined);
  const themes = useThemeChanges();
  useEffect(() => {
    if (host.current === null) return undefined;
    const made = new Plot(host.current, { labels, text, onPoint });
    plot.current = made;
    return () => made.remove();
  }, [labels.join("\n"), themes]);
  useEffect(() => {
    plot.current?.draw(
      times,
      lines.map(({ values }) => values),
    );
  }, [times, lines, themes]);
  const point = (time: number | undefined): void => {
    if (time !== undefined) plot.current?.point(time);
  };
  return { host, point };
}
