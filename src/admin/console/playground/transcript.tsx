import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";
import type { Conversation } from "./conversation.ts";
import { ExchangeView } from "./exchange-view.tsx";

/** As close to the end as counts as being there, in pixels. */
const nearPx = 48;

/** What was said. It follows its end while that is in sight, and stands still while somebody reads further up. */
export function Transcript({ conversation }: { readonly conversation: Conversation }) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const top = useRef(0);
  const [away, setAway] = useState(false);
  const exchanges = conversation.exchanges.value;

  const toEnd = (): void => {
    follows.current = true;
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };
  useEffect(() => {
    if (content.current === null) return undefined;
    const observer = new ResizeObserver(() => {
      if (follows.current) toEnd();
    });
    observer.observe(content.current);
    return () => observer.disconnect();
  }, []);
  // Whoever asks wants to see the answer.
  useEffect(toEnd, [exchanges.length]);

  const onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current as HTMLDivElement;
    // Only whoever scrolls up leaves the end; an answer that grows runs ahead of it for a moment.
    if (scrollHeight - scrollTop - clientHeight < nearPx) follows.current = true;
    else if (scrollTop < top.current) follows.current = false;
    top.current = scrollTop;
    setAway(!follows.current);
  };
  return (
    <div class="transcript">
      <div
        class="transcript-scroll"
        ref={scroller}
        onScroll={onScroll}
        tabIndex={0}
        role="region"
        aria-label="Conversation"
      >
        <div class="transcript-content" ref={content}>
          {exchanges.length === 0 && (
            <Empty title="Nothing has been said yet">
              <p>
                Choose an endpoint and a model, and ask. Each question goes through the gateway, so it is on
                the page <a href="/live">Live</a> as well.
              </p>
            </Empty>
          )}
          {exchanges.map((exchange, index) => (
            <ExchangeView
              key={exchange.number}
              exchange={exchange}
              conversation={conversation}
              last={index === exchanges.length - 1}
            />
          ))}
        </div>
      </div>
      {away && (
        <Button small class="transcript-end" icon="down" onClick={toEnd}>
          To the end
        </Button>
      )}
      <p class="unseen" role="status">
        {conversation.news.value}
      </p>
    </div>
  );
}
