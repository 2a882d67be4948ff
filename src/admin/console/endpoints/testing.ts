import { useCallback, useEffect, useState } from "preact/hooks";
import type { TestEnd, TestStep } from "../../api/shapes/endpoint.ts";
import { type ApiError, asApiError } from "../api-error.ts";
import { open } from "../client.ts";
import { eventsIn } from "../event-stream.ts";

/** A test of an endpoint, as far as it has come. */
export interface Testing {
  readonly steps: readonly TestStep[];
  /** How it ended; undefined while it runs. */
  readonly end: TestEnd | undefined;
  /** Why nothing more is known of it. */
  readonly error: ApiError | undefined;
}

const begun: Testing = { steps: [], end: undefined, error: undefined };

/** Tests an endpoint when the component appears, and again when asked to; whoever leaves ends it. */
export function useTesting(name: string): Testing & { readonly again: () => void } {
  const [testing, setTesting] = useState(begun);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      try {
        const path = `/endpoints/${encodeURIComponent(name)}/test`;
        const answer = await open(path, { method: "POST", signal: controller.signal });
        for await (const event of eventsIn(answer)) {
          const told = JSON.parse(event.data) as unknown;
          setTesting((last) =>
            event.name === "step"
              ? { ...last, steps: [...last.steps, told as TestStep] }
              : { ...last, end: told as TestEnd },
          );
        }
      } catch (error) {
        if (!controller.signal.aborted) setTesting((last) => ({ ...last, error: asApiError(error) }));
      }
    };
    setTesting(begun);
    void run();
    return () => controller.abort();
  }, [name, round]);
  return { ...testing, again: useCallback(() => setRound((round) => round + 1), []) };
}
