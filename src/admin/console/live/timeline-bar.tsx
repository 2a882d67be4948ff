import type { SeenRequest } from "../../api/shapes/live.ts";
import { durationText } from "../ui/words.ts";
import { stretchesOf } from "./timeline.ts";
import "./timeline.css";

/** A request's life from left to right, and the same in words. */
export function TimelineBar({ request }: { readonly request: SeenRequest }) {
  const stretches = stretchesOf(request);
  return (
    <div class="timeline">
      <div class="timeline-bar" aria-hidden="true">
        {stretches.map(({ name, fromMs, toMs }) => (
          <span key={name} class={classOf(name)} style={{ flexGrow: toMs - fromMs }} />
        ))}
      </div>
      <table>
        <caption class="unseen">Timeline</caption>
        <thead class="unseen">
          <tr>
            <th scope="col">Phase</th>
            <th scope="col">Took</th>
            <th scope="col">Until</th>
          </tr>
        </thead>
        <tbody>
          {stretches.map(({ name, fromMs, toMs }) => (
            <tr key={name}>
              <th scope="row">
                <span class={`timeline-key ${classOf(name)}`} aria-hidden="true" /> {name}
              </th>
              <td>{durationText(toMs - fromMs)}</td>
              <td class="timeline-until">at {durationText(toMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const classOf = (name: string): string => `stretch-${name.replaceAll(" ", "-")}`;
