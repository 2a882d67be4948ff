import { countText, durationText } from "../ui/words.ts";
import { type Reply, tokensPerSecond } from "./exchange.ts";

/** What a reply took, as far as it is known. */
export function FigureLine({ reply: { figures, requestId } }: { readonly reply: Reply }) {
  const { sentMs, firstTokenMs, endedMs, inputTokens, outputTokens } = figures;
  const speed = tokensPerSecond(figures);
  const shown: readonly (readonly [name: string, value: string | undefined])[] = [
    ["First token", firstTokenMs === undefined ? undefined : durationText(firstTokenMs - sentMs)],
    ["Speed", speed === undefined ? undefined : `${speed.toFixed(speed < 10 ? 1 : 0)} tokens/s`],
    ["In", inputTokens === undefined ? undefined : `${countText(inputTokens)} tokens`],
    ["Out", outputTokens === undefined ? undefined : `${countText(outputTokens)} tokens`],
    ["Total", endedMs === undefined ? undefined : durationText(endedMs - sentMs)],
  ];
  return (
    <dl class="figures">
      {shown.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
      {requestId !== undefined && (
        <div>
          <dt>Request</dt>
          <dd>
            <a href={`/live?request=${requestId}`} title={`${requestId}, on the page Live`}>
              {requestId.slice(0, 8)}
            </a>
          </dd>
        </div>
      )}
    </dl>
  );
}
