import type { About } from "../../api/shapes/about.ts";
import { away } from "../gateway.ts";
import { useLoaded } from "../loaded.ts";

/** Often enough to notice a gateway that is gone, or a session that is over, before somebody presses a button. */
const everyMs = 10_000;

/** What the console is connected to. */
export function Connection() {
  const { value } = useLoaded<About>("/about", { everyMs });
  if (value === undefined) return <div class="connection" />;
  return (
    <dl class="connection">
      <div>
        <dt class="unseen">Gateway</dt>
        <dd class={away.value ? "away" : "here"}>
          {value.listen.map((url) => (
            <span key={url} class="mono">
              {url.replace(/^http:\/\//, "")}
            </span>
          ))}
        </dd>
      </div>
      <div>
        <dt class="unseen">Version</dt>
        <dd class="quiet">Postern {value.version}</dd>
      </div>
    </dl>
  );
}
