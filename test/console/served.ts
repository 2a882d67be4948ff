import { appendFileSync, readFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { Folder } from "../support/folder.ts";
import { postern, type Program, type Ready, readyLine } from "../support/process.ts";
import { browser } from "./support.ts";

/** Postern as somebody has it who has just made it: its own folder, a process that serves, and a browser. */
export class Served implements AsyncDisposable {
  readonly folder: Folder;
  readonly ready: Ready;
  readonly page: Page;
  /** What went wrong in the browser. */
  readonly complaints: string[] = [];
  readonly #program: Program;
  readonly #context: BrowserContext;

  private constructor(folder: Folder, program: Program, ready: Ready, page: Page) {
    this.folder = folder;
    this.#program = program;
    this.ready = ready;
    this.page = page;
    this.#context = page.context();
    page.on("console", (message) => {
      // What the API refuses or breaks off is an answer like any other; the page has to say what it means.
      const ofApi = message.text().startsWith("Failed to load") && message.location().url.includes("/api/");
      if (message.type() === "error" && !ofApi) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error.stack)));
  }

  /** `postern init`, `postern serve`, and a browser that goes where `postern console` says. */
  static async start(width: number): Promise<Served> {
    const folder = new Folder();
    await done(["init", "--dir", folder.path]);
    // So that it serves beside others.
    appendFileSync(folder.file("postern.yaml"), "\nlisten: [127.0.0.1:0]\nadmin: 127.0.0.1:0\n");
    const program = postern(["serve", "--config", folder.file("postern.yaml")]);
    const ready = await readyLine(program);
    const context = await (await browser()).newContext({ viewport: { width, height: 800 } });
    const served = new Served(folder, program, ready, await context.newPage());
    await served.page.goto(await served.link());
    return served;
  }

  /** A one-time link, as the command prints it. */
  async link(): Promise<string> {
    const { admin } = this.ready;
    const config = this.folder.file("postern.yaml");
    return (await done(["console", "--no-open", "--config", config, "--admin", admin])).trim();
  }

  /** The base URL that applications use. */
  get base(): string {
    return this.ready.listen[0] ?? "";
  }

  get config(): string {
    return readFileSync(this.folder.file("postern.yaml"), "utf8");
  }

  /** All that it has written. */
  get log(): string {
    return this.#program.stdout + this.#program.stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    const { status, stderr } = await this.#program.stop();
    this.folder[Symbol.dispose]();
    if (status !== 0) throw new Error(`it ended with ${status}: ${stderr}`);
    if (this.complaints.length > 0) throw new Error(`in the browser: ${this.complaints.join("\n")}`);
  }
}

/** What a command wrote; throws where it failed. */
async function done(args: readonly string[]): Promise<string> {
  await using program = postern(args);
  const { status, stdout, stderr } = await program.ended();
  if (status !== 0) throw new Error(`postern ${args[0]}: ${stderr}`);
  return stdout;
}
