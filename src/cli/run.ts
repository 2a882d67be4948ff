import { Command, CommanderError } from "commander";
import { similar } from "../config/similar.ts";
import { problem } from "../errors.ts";
import { commands } from "./commands.ts";
import { type Io, say, sayError } from "./io.ts";
import { type Called, usageProblem } from "./usage.ts";

const version = "0.1.0";

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "postern: plain OpenAI-style requests on localhost, sent on with the credentials of your vault",
    "",
    "usage: postern COMMAND [OPTIONS]",
    "",
    ...rows,
    "",
    "postern COMMAND --help explains a command, with an example.",
    "Start with: postern demo",
  ].join("\n");
}

const names = commands.map((command) => command.name);

function didYouMean(typed: string): string {
  const near = similar(typed, names);
  return near === undefined ? "" : `did you mean ${near}? `;
}

/** Commander's own complaints become errors of ours: the same form, exit status 2, and a way out. */
function speakAsWeDo(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: () => {},
  });
  command.showSuggestionAfterError(true);
  command.helpCommand(false);
  for (const child of command.commands) speakAsWeDo(child, io);
}

/** The command, or the subcommand, that `argv` names. */
function called(command: Command, argv: readonly string[]): Called {
  const child = command.commands.find((c) => c.name() === argv[1]);
  const name = ["postern", command.name(), ...(child === undefined ? [] : [child.name()])].join(" ");
  const several = (child ?? command).options.filter(({ variadic }) => variadic).map(({ long }) => long ?? "");
  return { name, several };
}

/**
 * Runs one command line and returns its exit status: 0 success, 1 failure, 2 wrong usage or configuration.
 * Errors are written to standard error; nothing is thrown.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [name] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    say(io, overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    say(io, version);
    return 0;
  }
  try {
    const entry = commands.find((c) => c.name === name);
    if (entry === undefined)
      throw problem("usage", {
        message: `"${name}" is not a command`,
        hint: `${didYouMean(name)}the commands are: ${names.join(", ")}`,
      });
    const command = (await entry.load()).define(io);
    const program = new Command("postern").addCommand(command);
    speakAsWeDo(program, io);
    try {
      await program.parseAsync([...argv], { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) return 0;
      throw usageProblem(error, called(command, argv));
    }
    return 0;
  } catch (error) {
    return sayError(io, error);
  }
}
