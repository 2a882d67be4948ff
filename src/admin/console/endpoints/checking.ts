import { useEffect, useRef, useState } from "preact/hooks";
import type { CheckedEndpoint } from "../../api/shapes/endpoint.ts";
import { type ApiError, asApiError } from "../api-error.ts";
import { open } from "../client.ts";

/** Whoever types is left in peace for so long. */
const pauseMs = 300;

/** What is asked about an endpoint that is not written yet. */
export interface Question {
  readonly name: string;
  readonly endpoint: Readonly<Record<string, unknown>>;
  readonly existing: boolean;
}

interface Checking {
  /** What was said of the question; of the one before while the next is on its way. */
  readonly said: CheckedEndpoint | undefined;
  readonly error: ApiError | undefined;
}

/** Asks what the configuration file's own reader says of an endpoint. */
export const check = async (question: Question, signal?: AbortSignal): Promise<CheckedEndpoint> => {
  const asking = { method: "POST", body: question, ...(signal !== undefined && { signal }) };
  return (await (await open("/endpoints/check", asking)).json()) as CheckedEndpoint;
};

/** The same, shortly after each change of the question. */
export function useChecking(question: Question): Checking {
  const [known, setKnown] = useState<Checking>({ said: undefined, error: undefined });
  const text = JSON.stringify(question);
  const first = useRef(true);
  useEffect(() => {
    const controller = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const said = await check(JSON.parse(text) as Question, controller.signal);
        setKnown({ said, error: undefined });
      } catch (error) {
        if (!controller.signal.aborted) setKnown((last) => ({ ...last, error: asApiError(error) }));
      }
    };
    const timer = setTimeout(() => void ask(), first.current ? 0 : pauseMs);
    first.current = false;
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);
  return known;
}
