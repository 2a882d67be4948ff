import { now } from "./clock.ts";
import { agoText, exactText } from "./words.ts";

/** A moment as people say it: "3 minutes ago". */
export const Moment = ({ at }: { readonly at: string }) => (
  <time dateTime={at} title={exactText(at)}>
    {agoText(at, now.value)}
  </time>
);
