import { createInterface, type Interface } from "node:readline";
import type { Question } from "../brokers/ssh-agent.ts";
import type { Io } from "./io.ts";

/**
 * Asks on the terminal, one question at a time, whether a key may be used. It keeps the terminal from the first question
 * on: what is typed while nothing is asked answers no later question.
 */
export class Confirmation {
  readonly #io: Io;
  readonly #interrupted: () => void;
  #terminal: Interface | undefined;
  /** Takes the next line; undefined while nothing is asked. */
  #answered: ((line: string) => void) | undefined;
  /** The end of the queue of questions. */
  #turn: Promise<unknown> = Promise.resolve();

  /** `interrupted` hears of Ctrl-C and Ctrl-D, which the terminal no longer turns into signals. */
  constructor(io: Io, interrupted: () => void) {
    this.#io = io;
    this.#interrupted = interrupted;
  }

  /** Takes the terminal now, so that what was typed before the first question does not answer it. */
  begin(): void {
    if (this.#terminal !== undefined) return;
    const terminal = createInterface({
      input: this.#io.stdin,
      output: this.#io.stderr,
      terminal: true,
      historySize: 0,
      prompt: "",
    });
    terminal.on("line", (line) => this.#answered?.(line));
    terminal.on("SIGINT", this.#interrupted);
    terminal.on("close", this.#interrupted);
    this.#terminal = terminal;
  }

  /** Whether "yes" was typed. Also false when the program that wanted the key goes first. */
  ask(question: Question, gone: AbortSignal): Promise<boolean> {
    const answer = this.#turn.then(() => (gone.aborted ? false : this.#askNow(question, gone)));
    this.#turn = answer;
    return answer;
  }

  /** Gives the terminal back. */
  end(): void {
    this.#terminal?.close();
  }

  #askNow({ item, fingerprint, purpose }: Question, gone: AbortSignal): Promise<boolean> {
    this.begin();
    const { stderr } = this.#io;
    // What was begun before the question is no part of its answer.
    this.#terminal?.write(null, { ctrl: true, name: "e" });
    this.#terminal?.write(null, { ctrl: true, name: "u" });
    stderr.write(
      `A program wants the SSH key "${item}" (${fingerprint}) to ${purpose}.\nAllow it? Type yes or no: `,
    );
    return new Promise((resolve) => {
      const end = (allowed: boolean): void => {
        gone.removeEventListener("abort", left);
        this.#answered = undefined;
        resolve(allowed);
      };
      const left = (): void => {
        stderr.write("\nThe program does not wait any longer.\n");
        end(false);
      };
      gone.addEventListener("abort", left);
      this.#answered = (line) => {
        const allowed = line.trim().toLowerCase() === "yes";
        stderr.write(allowed ? "Allowed.\n" : "Refused.\n");
        end(allowed);
      };
    });
  }
}
