import { useEffect, useState } from "preact/hooks";
import { away } from "../gateway.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loading } from "../ui/loading.tsx";
import { Page } from "../ui/page.tsx";
import { Tag } from "../ui/tag.tsx";
import { countText } from "../ui/words.ts";
import { Feed } from "./feed.ts";
import { type Lately, nothingYet } from "./lately.ts";
import { NoRequest } from "./no-request.tsx";
import { Traffic } from "./traffic.tsx";
import "./live.css";

/** The page "Live": requests as they happen. */
export function LivePage() {
  const [feed] = useState(() => new Feed());
  useEffect(() => feed.start(), []);
  const [paused, setPaused] = useState(false);
  const lately = feed.lately.value;
  const flowing = feed.flowing.value && !away.value;
  const refused = feed.refused.value;
  // Neither empty nor full is shown before it is known which of the two it is.
  const known = lately !== nothingYet;
  return (
    <Page
      title="Live"
      lead={known ? leadOf(lately) : "…"}
      actions={
        <>
          <Tag tone={flowing ? "good" : "quiet"}>{flowing ? "following" : "connecting"}</Tag>
          <Button more={{ "aria-pressed": paused }} onClick={() => setPaused(!paused)}>
            {paused ? "Resume" : "Pause"}
          </Button>
        </>
      }
    >
      <Failure error={refused} />
      {refused !== undefined && <Button onClick={() => feed.retry()}>Try again</Button>}
      {!known && refused === undefined && <Loading />}
      {known && (isUntouched(lately) ? <NoRequest /> : <Traffic lately={lately} paused={paused} />)}
    </Page>
  );
}

const isUntouched = ({ arrived, inFlightCount, lastHour }: Lately): boolean =>
  arrived + inFlightCount + lastHour.requests === 0;

function leadOf({ lastHour: { requests, errors } }: Lately): string {
  const failed = errors === 0 ? "none" : countText(errors);
  return `${countText(requests)} ${requests === 1 ? "request" : "requests"} in the last hour, ${failed} broken off or failed`;
}
