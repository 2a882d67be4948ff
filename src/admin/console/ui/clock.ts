import { signal } from "@preact/signals";

const tickMs = 5_000;

/** The time, for texts such as "3 minutes ago"; it goes on only while something shows it. */
export const now = signal(Date.now(), {
  watched() {
    this.value = Date.now();
    timer.id = setInterval(() => (this.value = Date.now()), tickMs);
  },
  unwatched() {
    clearInterval(timer.id);
  },
});

const timer: { id: ReturnType<typeof setInterval> | undefined } = { id: undefined };
