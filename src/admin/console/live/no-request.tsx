import type { About } from "../../api/shapes/about.ts";
import { useLoaded } from "../loaded.ts";
import { Code } from "../ui/code.tsx";
import { Empty } from "../ui/empty.tsx";

/** Before the first request: the line that sends one. */
export function NoRequest() {
  const { value } = useLoaded<About>("/about");
  return (
    <Empty title="No request yet">
      <p>Requests appear here as they happen. Send one through this gateway:</p>
      {value !== undefined && <Code text={curlOf(value.local)} label="Copy the curl line" />}
    </Empty>
  );
}

/** Listing the models needs no model's name, so that it works as it stands. */
function curlOf(local: string): string {
  const [, socket] = /^unix:(.*)$/.exec(local) ?? [];
  return socket === undefined
    ? `curl ${local}/v1/models`
    : `curl --unix-socket ${socket} http://localhost/v1/models`;
}
