import { away } from "../gateway.ts";

/** Says that the gateway does not answer, for as long as it does not. */
export const Away = () => (
  <div class="away" role="status">
    {away.value && <p>The gateway does not answer; trying again…</p>}
  </div>
);
