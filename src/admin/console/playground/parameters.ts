import type { ChatParameters } from "../../api/shapes/playground.ts";

/** The parameters as they are typed: empty is left to the endpoint. */
export interface Typed {
  readonly temperature: string;
  readonly top_p: string;
  readonly max_tokens: string;
  readonly seed: string;
  readonly frequency_penalty: string;
  readonly presence_penalty: string;
  /** One text a line. */
  readonly stop: string;
}

export const untyped: Typed = {
  temperature: "",
  top_p: "",
  max_tokens: "",
  seed: "",
  frequency_penalty: "",
  presence_penalty: "",
  stop: "",
};

interface NumberRule {
  readonly label: string;
  readonly help: string;
  readonly placeholder: string;
  readonly wanted: string;
  readonly fits: (value: number) => boolean;
}

const between = (least: number, most: number): Pick<NumberRule, "wanted" | "fits"> => ({
  wanted: `a number from ${least} to ${most}`,
  fits: (value) => value >= least && value <= most,
});

/** Each parameter that is a number: what it is for, and what it may be. */
export const numbers = {
  temperature: {
    label: "Temperature",
    help: "0 is the most predictable.",
    placeholder: "the model's own",
    ...between(0, 2),
  },
  top_p: { label: "Top p", help: "The share of likely words.", placeholder: "1", ...between(0, 1) },
  max_tokens: {
    label: "Most tokens",
    help: "How long an answer may be.",
    placeholder: "the model's own",
    wanted: "a whole number from 1",
    fits: (value) => Number.isSafeInteger(value) && value >= 1,
  },
  seed: {
    label: "Seed",
    help: "The same seed gives the same answer, where the endpoint can.",
    placeholder: "none",
    wanted: "a whole number",
    fits: (value) => Number.isSafeInteger(value),
  },
  frequency_penalty: {
    label: "Frequency penalty",
    help: "Against words that were said often.",
    placeholder: "0",
    ...between(-2, 2),
  },
  presence_penalty: {
    label: "Presence penalty",
    help: "Against words that were said at all.",
    placeholder: "0",
    ...between(-2, 2),
  },
} as const satisfies Partial<Record<keyof Typed, NumberRule>>;

export type NumberName = keyof typeof numbers;
export const numberNames = Object.keys(numbers) as NumberName[];

/** What is wrong with what was typed; empty where nothing is. */
export function faultOf(name: NumberName, typed: string): string {
  if (typed.trim() === "") return "";
  const rule: NumberRule = numbers[name];
  const value = Number(typed.replace(",", "."));
  return Number.isFinite(value) && rule.fits(value) ? "" : `Wanted: ${rule.wanted}.`;
}

/** What is sent of it: what is right, and not empty. */
export function parametersOf(typed: Typed): ChatParameters {
  const sent: ChatParameters = {};
  for (const name of numberNames)
    if (typed[name].trim() !== "" && faultOf(name, typed[name]) === "")
      sent[name] = Number(typed[name].replace(",", "."));
  const stop = typed.stop.split("\n").filter((line) => line !== "");
  return stop.length === 0 ? sent : { ...sent, stop };
}
