import { useId, useRef } from "preact/hooks";
import { Button } from "../ui/button.tsx";
import type { Conversation } from "./conversation.ts";

/** Where the next question is typed. */
export function Composer({ conversation }: { readonly conversation: Conversation }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const help = useId();
  const { draft, busy, endpoint, model } = conversation;
  const silent = draft.value.trim() === "" || model.value.trim() === "" || endpoint.value === "";
  const send = (): void => {
    if (busy.value) conversation.stop();
    else if (!silent) conversation.ask();
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && busy.value) conversation.stop();
    // Enter ends the choice of a character where several keys make one.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!busy.value) send();
  };
  return (
    <form
      class="composer field"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Button
        icon="trash"
        label="Clear the conversation"
        disabled={conversation.last.value === undefined}
        onClick={() => {
          conversation.clear();
          field.current?.focus();
        }}
      />
      <textarea
        ref={field}
        aria-label="Message"
        aria-keyshortcuts="Enter"
        aria-describedby={help}
        placeholder="Ask something"
        rows={1}
        value={draft.value}
        onInput={(event) => (draft.value = event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Button
        type="submit"
        kind={busy.value ? "plain" : "primary"}
        icon={busy.value ? "stop" : "send"}
        disabled={!busy.value && silent}
      >
        {busy.value ? "Stop" : "Send"}
      </Button>
      <p id={help} class="composer-help">
        Enter sends, Shift+Enter begins a new line, Escape stops an answer.
      </p>
    </form>
  );
}
