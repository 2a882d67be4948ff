import { Failure } from "../ui/failure.tsx";
import { Chart } from "./chart.tsx";
import type { LoadedHour } from "./hour.ts";

/** The last hour in four pictures. */
export const Charts = ({ hour, error }: LoadedHour) => (
  <section class="charts" aria-labelledby="live-hour">
    <h2 id="live-hour" class="unseen">
      The last hour
    </h2>
    <Failure error={error} />
    {hour?.charts.map((chart) => (
      <Chart key={chart.title} times={hour.times} {...chart} />
    ))}
  </section>
);
