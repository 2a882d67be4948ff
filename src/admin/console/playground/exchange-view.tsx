import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Markdown } from "../ui/markdown.tsx";
import type { Conversation } from "./conversation.ts";
import { type Exchange, isOver } from "./exchange.ts";
import { FigureLine } from "./figure-line.tsx";
import { TroubleNotice } from "./trouble-notice.tsx";

/** A question, and what the model says to it. */
export function ExchangeView({
  exchange,
  conversation,
  last,
}: {
  readonly exchange: Exchange;
  readonly conversation: Conversation;
  readonly last: boolean;
}) {
  const { number, question, endpoint, model } = exchange;
  const reply = exchange.reply.value;
  const over = isOver(reply);
  return (
    <article class="exchange">
      {/* What an answer has of headings stands below it. */}
      <h2 class="unseen">Question {number}</h2>
      <p class="question" dir="auto">
        <span class="unseen">You: </span>
        {question}
      </p>
      <div class="reply" aria-busy={!over}>
        <p class="reply-from">
          <bdi>{model}</bdi> at <bdi>{endpoint}</bdi>
        </p>
        {reply.thoughts !== "" && (
          <details class="thoughts">
            <summary>{reply.text === "" && !over ? "Thinking…" : "Thoughts"}</summary>
            <p dir="auto">{reply.thoughts}</p>
          </details>
        )}
        {reply.text !== "" && <Markdown text={reply.text} />}
        {reply.state === "waiting" && (
          <p class="waiting">
            Waiting for the first word
            <span>. A deployment that scales to zero takes minutes to wake.</span>
          </p>
        )}
        {reply.state === "stopped" && <p class="quiet">You stopped it here.</p>}
        {reply.cutShort === true && (
          <p class="quiet">It reached the most tokens that it was allowed, and ends here.</p>
        )}
        {reply.state === "whole" && reply.text === "" && <p class="quiet">It said nothing.</p>}
        <TroubleNotice reply={reply} />
        {over && (
          <div class="reply-foot">
            <FigureLine reply={reply} />
            <div class="reply-actions">
              {reply.text !== "" && <CopyButton text={reply.text} label="Copy the answer" />}
              {last && (
                <>
                  <Button
                    small
                    icon="edit"
                    label="Edit the question"
                    onClick={() => {
                      conversation.editLast();
                      focusOnMessage();
                    }}
                  />
                  <Button
                    small
                    icon="rotate"
                    label="Ask again"
                    onClick={() => {
                      conversation.regenerate();
                      focusOnMessage();
                    }}
                  />
                </>
              )}
            </div>
          </div>
        )}
      </div>
    </article>
  );
}

/** The button that was pressed is gone: the focus goes to where the conversation goes on. */
const focusOnMessage = (): void => document.querySelector<HTMLElement>(".composer textarea")?.focus();
