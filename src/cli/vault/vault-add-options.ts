import type { Command } from "commander";
import { problem } from "../../errors.ts";
import { kinds } from "../../vault/kinds/index.ts";
import type { Kind } from "../../vault/kinds/kind.ts";
import { type Given, optionsOf } from "./vault-input.ts";

/** Options that every kind has, and that are not fields. */
const common = ["config", "stdin", "file", "generate", "out"];

/** An option as commander takes it. */
interface Option {
  readonly flags: string;
  readonly help: string;
}

/**
 * Each option of a field, and where a new one can be generated of a choice, once; its help says what it means for each
 * of the kinds that have it.
 */
export function kindOptions(o: { readonly choices: boolean }): readonly Option[] {
  const texts = new Map<string, Map<string, Set<string>>>();
  const add = (flags: string, text: string, kind: string): void => {
    const ofOption = texts.get(flags) ?? new Map<string, Set<string>>();
    texts.set(flags, ofOption.set(text, (ofOption.get(text) ?? new Set()).add(kind)));
  };
  for (const { name, fields, choices = [] } of Object.values(kinds)) {
    for (const field of fields)
      for (const option of optionsOf(field)) {
        const text = option === field.alias ? `the same as --${field.option}` : field.help;
        add(`--${option} <${field.secret ? "file" : "value"}>`, text, name);
      }
    for (const choice of o.choices ? choices.filter((choice) => !fields.includes(choice)) : [])
      add(`--${choice.name} <value>`, `with --generate: ${choice.help}`, name);
  }
  return [...texts].map(([flags, ofOption]) => ({
    flags,
    help: [...ofOption].map(([text, names]) => `${[...names].join(", ")}: ${text}`).join("; "),
  }));
}

/** The options by the names that they have on the command line. */
export function givenOptions(command: Command): Given {
  const values: Given = command.opts();
  return Object.fromEntries(
    command.options.map((option) => [option.long?.slice(2) ?? "", values[option.attributeName()]]),
  );
}

/** Throws `usage` for options that do not belong to this kind, or not together. */
export function refuseForeign(kind: Kind, given: Given): void {
  const existing = ["stdin", "file", ...kind.fields.flatMap(optionsOf)];
  const chosen = (kind.choices ?? []).flatMap(optionsOf);
  const all = [...new Set([...existing, ...chosen])];
  const isGiven = (option: string): boolean => given[option] !== undefined;
  const foreign = Object.keys(given).find(
    (option) => isGiven(option) && ![...common, ...all].includes(option),
  );
  if (foreign !== undefined)
    throw problem("usage", {
      message: `--${foreign} is not for ${kind.plural}`,
      hint: `it takes ${all.map((option) => `--${option}`).join(", ")}`,
    });
  if (given["generate"] === true) {
    const other = existing.find((option) => isGiven(option) && !chosen.includes(option));
    if (other === undefined) return;
    throw problem("usage", {
      message: `--generate makes a new one, and --${other} gives an existing one`,
      hint: "leave one of them out",
    });
  }
  const choice = chosen.find((option) => isGiven(option) && !existing.includes(option));
  if (choice !== undefined)
    throw problem("usage", {
      message: `--${choice} goes with --generate`,
      hint: "an existing one is as it is",
    });
  if (isGiven("out"))
    throw problem("usage", {
      message: "--out goes with --generate",
      hint: "postern vault download NAME --out DIR writes an item that is in the vault",
    });
}
