import { signal } from "@preact/signals";

/** Whether the gateway gave no answer when it was last asked. */
export const away = signal(false);

/** How often it has come back: what depends on it is a reason to load again. */
export const returns = signal(0);

const againMs = 1_000;

/** Remembers that no answer came, asks until one does, and resolves then. */
export function lost(): Promise<void> {
  if (!away.value) {
    away.value = true;
    setTimeout(() => void ask(), againMs);
  }
  return nextReturn();
}

async function ask(): Promise<void> {
  try {
    await fetch("/healthz", { cache: "no-store" });
    away.value = false;
    returns.value += 1;
  } catch {
    setTimeout(() => void ask(), againMs);
  }
}

const nextReturn = (): Promise<void> =>
  new Promise((resolve) => {
    const before = returns.peek();
    const stop = returns.subscribe((count) => {
      if (count === before) return;
      resolve();
      stop();
    });
  });
