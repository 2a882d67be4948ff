import { Command, CommanderError } from "commander";
import { similar } from "../config/similar.ts";
import { problem } from "../errors.ts";
import { commands } from "./commands.ts";
import { type Io, say, sayError } from "./io.ts";

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

/** The names of the command and of the subcommand in `argv`, for "see … --help". */
function called(command: Command, argv: readonly string[]): string {
  const child = command.commands.find((c) => c.name() === argv[1]);
  return child === undefined ? `postern ${command.name()}` : `postern ${command.name()} ${child.name()}`;
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
      if (error.code === "commander.help")
        throw problem("usage", {
          message: "a subcommand is missing",
          hint: `see ${called(command, argv)} --help`,
        });
      throw problem("usage", {
        // Without what follows a "=": it may be a secret that was given where none can be.
        message: error.message
          .replace(/^error: /, "")
          .replace(/=.*'/, "'")
          .replaceAll("\n", " "),
        hint: `see ${called(command, argv)} --help`,
      });
    }
    return 0;
  } catch (error) {
    return sayError(io, error);
  }
}
