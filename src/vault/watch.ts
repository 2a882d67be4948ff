import { asProblem, type PosternError } from "../errors.ts";
import type { Store } from "./stores/store.ts";

const pollMs = 500;

/**
 * Calls `refresh` whenever the store's vault may have changed: at once where the system tells of it, and within 500 ms
 * where it does not. `failed` hears of each problem once, not at every poll. Returns what ends it.
 */
export function watchStore(
  store: Store,
  refresh: () => Promise<unknown>,
  failed: (error: PosternError) => void,
): () => void {
  let stopped = false;
  let looking = false;
  /** Something has changed since it began to look. */
  let again = false;
  let seen: string | undefined;
  let told: string | undefined;

  const look = async (): Promise<void> => {
    const fingerprint = await store.fingerprint();
    if (stopped || fingerprint === seen) return;
    try {
      await refresh();
      told = undefined;
      seen = fingerprint;
    } catch (thrown) {
      // Tried again at the next poll, even if the file stays as it is: the problem may lie elsewhere.
      seen = undefined;
      const error = asProblem(thrown);
      if (stopped || told === error.message) return;
      told = error.message;
      failed(error);
    }
  };
  const nudge = (): void => {
    if (stopped) return;
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    void look().finally(() => {
      looking = false;
      if (!again) return;
      again = false;
      nudge();
    });
  };

  const unwatch = store.watch(nudge);
  const poll = setInterval(nudge, pollMs);
  poll.unref();
  nudge();
  return () => {
    stopped = true;
    clearInterval(poll);
    unwatch();
  };
}
