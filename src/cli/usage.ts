import type { CommanderError } from "commander";
import { type PosternError, problem } from "../errors.ts";

/** The command that was called. */
export interface Called {
  /** Such as "postern vault add". */
  readonly name: string;
  /** Its options that take all values behind them. */
  readonly several: readonly string[];
}

/**
 * What commander complains of, in our words. Its own repeat what was typed, which may be a secret in a place where none
 * belongs: we repeat what is declared, and of what was typed only a word that looks like an option or a subcommand.
 */
export function usageProblem(
  { code, message: its }: CommanderError,
  { name, several }: Called,
): PosternError {
  const see = `see ${name} --help`;
  const near = /\(Did you mean (?:one of )?([^()]+)\?\)$/.exec(its)?.[1];
  const meant = near === undefined ? see : `did you mean ${near}? ${see}`;
  const says = (message: string, hint = see): PosternError => problem("usage", { message, hint });
  const [, quoted = ""] = /'([^']*)'/.exec(its) ?? [];
  const option = quoted.replace(/[ =].*/s, "");
  switch (code) {
    case "commander.help":
      return says("a subcommand is missing");
    case "commander.unknownCommand":
      return says(`${ifPlain(/^[a-z-]+$/, quoted)} is not a subcommand of ${name}`, meant);
    case "commander.unknownOption":
      return says(`${ifPlain(/^(?:--[a-z-]+|-[A-Za-z])$/, option)} is not an option of ${name}`, meant);
    case "commander.missingArgument":
      return says(
        `the argument ${quoted.toUpperCase()} is missing`,
        several.length === 0 ? see : `${see}; it stands before ${several.join(", ")}, or behind --`,
      );
    case "commander.optionMissingArgument":
      return says(`${option} is given without its value`);
    case "commander.missingMandatoryOptionValue":
      return says(`${option} is missing`);
    case "commander.invalidArgument":
      return says(`${option} cannot be that: ${reasonIn(its)}`);
    case "commander.excessArguments":
      return says(
        `${name} takes ${countIn(its)}`,
        `${see}; a secret is never an argument, where others could see it`,
      );
    default:
      return says("it cannot be called like this");
  }
}

const ifPlain = (form: RegExp, typed: string): string => (form.test(typed) ? `"${typed}"` : "what was given");

/** Behind the last of it stands what the option's own declaration says. */
function reasonIn(its: string): string {
  const reason = its.slice(its.lastIndexOf(" is invalid. ") + " is invalid. ".length).replace(/\.$/, "");
  return reason.replace(/^Allowed choices are /, "it is one of ");
}

function countIn(its: string): string {
  const [, most = "", given = ""] = /Expected (\d+) arguments? but got (\d+):/.exec(its) ?? [];
  const takes = most === "0" ? "no argument" : most === "1" ? "one argument" : `${most} arguments`;
  return `${takes}, not ${given}`;
}
