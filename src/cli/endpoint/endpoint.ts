import { Command } from "commander";
import { defineAdd } from "./endpoint-add.ts";
import { defineList } from "./endpoint-list.ts";
import { defineRemove } from "./endpoint-remove.ts";
import { defineTest } from "./endpoint-test.ts";
import type { Io } from "../io.ts";

/** `postern endpoint`: the endpoints of the configuration. */
export function define(io: Io): Command {
  return new Command("endpoint")
    .description("add, list, test and remove endpoints")
    .addHelpText("after", "\nExample:\n  postern endpoint list")
    .addCommand(defineAdd(io))
    .addCommand(defineList(io))
    .addCommand(defineTest(io))
    .addCommand(defineRemove(io));
}
