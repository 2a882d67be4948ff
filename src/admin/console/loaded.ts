import { useSignalEffect } from "@preact/signals";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type ApiError, asApiError } from "./api-error.ts";
import { open } from "./client.ts";
import { returns } from "./gateway.ts";

export interface Loaded<T> {
  /** The last answer: it stays while the next one is on its way, and when that fails. */
  readonly value: T | undefined;
  /** Why the last attempt failed. */
  readonly error: ApiError | undefined;
  /** Asks again now; resolves when the answer is there. */
  readonly reload: () => Promise<void>;
}

interface Known {
  readonly text: string;
  readonly value: unknown;
  readonly error: ApiError | undefined;
}
const nothing: Known = { text: "", value: undefined, error: undefined };

/**
 * What `path` answers, kept up to date: loaded when the component appears, every `everyMs` while the page is visible,
 * and when the gateway has come back. An answer equal to the last one changes nothing, so that nothing flickers.
 *
 * @param path without `/api/v1`; undefined while there is nothing to ask for
 */
export function useLoaded<T>(
  path: string | undefined,
  { everyMs }: { readonly everyMs?: number } = {},
): Loaded<T> {
  const [known, setKnown] = useState(nothing);
  const asking = useRef<AbortController | undefined>(undefined);

  const reload = useCallback(async () => {
    asking.current?.abort();
    if (path === undefined) return;
    const controller = new AbortController();
    asking.current = controller;
    try {
      const text = await (await open(path, { signal: controller.signal })).text();
      setKnown((last) =>
        last.text === text && last.error === undefined
          ? last
          : { text, value: JSON.parse(text) as unknown, error: undefined },
      );
    } catch (error) {
      if (!controller.signal.aborted) setKnown((last) => ({ ...last, error: asApiError(error) }));
    }
  }, [path]);

  useEffect(() => {
    setKnown(nothing);
    void reload();
    return () => asking.current?.abort();
  }, [reload]);

  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [reload, everyMs]);

  const seen = useRef(returns.peek());
  useSignalEffect(() => {
    if (returns.value === seen.current) return;
    seen.current = returns.value;
    void reload();
  });

  // That the gateway is away the shell says, once for all that is awaited.
  const error = known.error?.code === "gateway_away" ? undefined : known.error;
  return { value: known.value as T | undefined, error, reload };
}
