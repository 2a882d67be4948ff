import { useState } from "preact/hooks";
import type { Field } from "../../api/shapes/kind.ts";
import { type ApiError, asApiError } from "../api-error.ts";
import type { Given, GivenFile } from "./given.ts";

/** What stands in a form, and how it fared. */
export interface Form {
  readonly given: Given;
  /** Why the API did not take it. */
  readonly error: ApiError | undefined;
  readonly busy: boolean;
  readonly change: (name: string, value: string | GivenFile) => void;
  /** Does the work; where it fails, says so and keeps all that was filled in. */
  readonly submit: (work: () => Promise<void>) => void;
  /** Takes back what was said against it: something else is asked for now. */
  readonly forgive: () => void;
  /** Of these fields, those that are shown at first: a file beside the main one, or a passphrase, few have need of. */
  readonly inSight: (fields: readonly Field[]) => readonly Field[];
  /** Shows a field that is not in sight. */
  readonly ask: (name: string) => void;
}

/** What stands in a field that takes no file. */
export function textIn(given: Given, name: string): string {
  const value = given[name] ?? "";
  return typeof value === "string" ? value : "";
}

export function useForm(initial: Given = {}): Form {
  const [given, setGiven] = useState(initial);
  const [asked, setAsked] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const ask = (name: string): void => setAsked((before) => [...before, name]);

  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (thrown) {
      const error = asApiError(thrown);
      setError(error);
      if (error.param !== null) ask(error.param);
    } finally {
      setBusy(false);
    }
  };
  return {
    given,
    error,
    busy,
    change: (name, value) => {
      setGiven((before) => ({ ...before, [name]: value }));
      if (error?.param === name) setError(undefined);
    },
    submit: (work) => void run(work),
    forgive: () => setError(undefined),
    inSight: (fields) =>
      fields.filter(
        (field) => !isExtra(field) || asked.includes(field.name) || (given[field.name] ?? "") !== "",
      ),
    ask,
  };
}

const isExtra = ({ name, multiline, required }: Field): boolean =>
  !required && (multiline || name === "passphrase");

/** What an error says that no field in sight says already. */
export const errorElsewhere = (
  error: ApiError | undefined,
  beside: readonly string[],
): ApiError | undefined => (beside.includes(error?.param ?? "") ? undefined : error);
