import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";
import "./notify.css";

export interface Note {
  readonly tone: "good" | "warn" | "bad";
  readonly text: string;
  readonly hint?: string;
}

/** How long a note stays; what went wrong stays until it is closed. */
const staysMs = 6_000;

const notes = signal<readonly (Note & { readonly id: number })[]>([]);
const drop = (id: number): void => {
  notes.value = notes.value.filter((note) => note.id !== id);
};

/** Says, at the edge of the page, that something was done or went wrong. */
export function notify(note: Note): void {
  const id = (notes.value.at(-1)?.id ?? 0) + 1;
  // What was done last is what counts; what went wrong stays in sight, and once is enough.
  const stay = notes.value.filter(({ tone, text }) => tone === "bad" && text !== note.text);
  notes.value = [...stay, { ...note, id }];
  if (note.tone !== "bad") setTimeout(() => drop(id), staysMs);
}

/** Where the notes appear: once, in the shell. */
export function Notes() {
  const element = useRef<HTMLDivElement>(null);
  const shown = notes.value;
  useLayoutEffect(() => {
    const area = element.current;
    // Shown anew each time: of all that is in the top layer, dialogs included, the last shown is on top.
    if (area?.matches(":popover-open") === true) area.hidePopover();
    if (shown.length > 0) area?.showPopover();
  }, [shown]);
  return (
    <div ref={element} class="notes" popover="manual" role="status" aria-live="polite">
      {shown.map(({ id, tone, text, hint }) => (
        <div key={id} class={`note ${tone}`}>
          <Icon name={tone === "good" ? "check" : "warn"} />
          <div>
            <p>{text}</p>
            {hint !== undefined && <p class="note-hint">{hint}</p>}
          </div>
          <Button icon="close" label="Dismiss" small onClick={() => drop(id)} />
        </div>
      ))}
    </div>
  );
}
