import type { ComponentChildren } from "preact";
import type { SeenRequest } from "../../api/shapes/live.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { countText, durationText, exactText, sizeText } from "../ui/words.ts";
import { speedText } from "./figures.ts";
import { StateTag } from "./state-tag.tsx";
import { TimelineBar } from "./timeline-bar.tsx";

/** All that is known of one request. */
export function RequestDialog({
  request,
  onClose,
}: {
  readonly request: SeenRequest | undefined;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      open={request !== undefined}
      title={`${request?.method} ${request?.path}`}
      onClose={onClose}
      footer={<Button onClick={onClose}>Close</Button>}
      wide
    >
      {request !== undefined && (
        <>
          <TimelineBar request={request} />
          <dl class="facts">
            {factsOf(request).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </Dialog>
  );
}

type Fact = readonly [name: string, value: ComponentChildren];

function factsOf(request: SeenRequest): readonly Fact[] {
  const { endpoint, model, localKey, status, code, tried, cache, inputTokens, outputTokens } = request;
  const facts: readonly (Fact | false)[] = [
    ["Outcome", <StateTag request={request} />],
    ["Began", exactText(request.startedAt)],
    [request.outcome === undefined ? "So far" : "Took", durationText(request.durationMs)],
    ["Endpoint", endpoint ?? "none was chosen"],
    model !== undefined && ["Model", model],
    localKey !== undefined && ["Local key", localKey],
    status !== undefined && ["Status", status],
    code !== undefined && ["Error code", code],
    tried.length > 0 && ["Tried before", tried.join(", ")],
    cache !== undefined && ["Cache", cache],
    ["Sent", sizeText(request.sentBytes)],
    ["Received", sizeText(request.receivedBytes)],
    inputTokens !== undefined && ["Input tokens", countText(inputTokens)],
    outputTokens !== undefined && ["Output tokens", countText(outputTokens)],
    request.tokensPerSecond !== undefined && ["Speed", speedText(request.tokensPerSecond)],
    [
      "Request id",
      <span class="request-id">
        <code>{request.requestId}</code> <CopyButton text={request.requestId} label="Copy the request id" />
      </span>,
    ],
  ];
  return facts.filter((fact) => fact !== false);
}
