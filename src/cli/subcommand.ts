import { Command } from "commander";
import { configOption } from "./place.ts";

/** A command of a group, with the option and the example that each of them has. */
export const subcommand = (name: string, description: string, example: string): Command =>
  new Command(name)
    .description(description)
    .option(...configOption)
    .addHelpText("after", `\nExample: ${example}`);
