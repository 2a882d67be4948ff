import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Secret } from "../secret.ts";
import { Exit, type Io } from "./io.ts";

/** Whether a person sits in front of this command. */
export const isInteractive = (io: Io): boolean => io.stdin.isTTY === true && io.stderr.isTTY === true;

/**
 * Asks for a secret on the terminal, and shows nothing of what is typed. With `multiline`, Ctrl-D on a line of its own
 * ends the text; otherwise Enter does. Ctrl-C ends the command.
 */
export async function askSecret(io: Io, label: string, multiline = false): Promise<Secret> {
  const question = `${label} (not shown${multiline ? "; ends with Ctrl-D on a line of its own" : ""}):`;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = await linesOf(io, question, nowhere, multiline);
  io.stderr.write("\n");
  return new Secret(lines.join("\n"));
}

/** Asks for a line of text on the terminal, and shows it as it is typed. */
export async function askLine(io: Io, question: string): Promise<string> {
  const [line = ""] = await linesOf(io, question, io.stderr, false);
  return line.trim();
}

/** In terminal mode readline does the echo itself, to `output`: the terminal's own is off. */
async function linesOf(
  io: Io,
  question: string,
  output: Writable,
  multiline: boolean,
): Promise<readonly string[]> {
  const terminal = createInterface({
    input: io.stdin,
    output,
    terminal: true,
    historySize: 0,
    signal: io.ended,
  });
  // Only now: until readline had the terminal, it would have shown what is typed.
  io.stderr.write(`${question} `);
  // The shell's own prompt belongs on a line of its own.
  const leave = (): void => void io.stderr.write("\n");
  io.ended.addEventListener("abort", leave);
  let interrupted = false;
  terminal.on("SIGINT", () => {
    interrupted = true;
    terminal.close();
  });
  const lines: string[] = [];
  for await (const line of terminal) {
    lines.push(line);
    if (!multiline) break;
  }
  terminal.close();
  io.ended.removeEventListener("abort", leave);
  if (io.ended.aborted) throw new Exit(1);
  if (interrupted || lines.length === 0) {
    leave();
    throw new Exit(1);
  }
  return lines;
}
