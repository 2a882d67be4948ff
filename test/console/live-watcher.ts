import type { Look } from "../../src/admin/api/shapes/live.ts";
import { type Administered, asAdmin } from "./admin-client.ts";

/** An event of the live stream. */
export interface Seen extends Look {
  readonly name: string;
}

/** Follows the live stream as a program does. */
export class Watcher implements AsyncDisposable {
  /** All that came, as text. */
  text = "";
  readonly events: Seen[] = [];
  /** Resolves when the stream has ended, however it did. */
  readonly ended: Promise<void>;
  readonly #leaving = new AbortController();

  private constructor(answer: Response, leaving: AbortController) {
    this.#leaving = leaving;
    this.ended = this.#read(answer).catch(() => {});
  }

  static async follow(gateway: Administered): Promise<Watcher> {
    const leaving = new AbortController();
    const answer = await asAdmin(gateway, "/live", { signal: leaving.signal });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
    return new Watcher(answer, leaving);
  }

  /** All requests that were told to have ended, in the order in which they were told. */
  get told(): Seen["ended"] {
    return this.events.flatMap(({ ended }) => ended.toReversed());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort();
    await this.ended;
  }

  async #read(answer: Response): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of answer.body ?? []) {
      const text = decoder.decode(bytes as Uint8Array, { stream: true });
      this.text += text;
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const { name = "", data = "" } =
          /^(?:: ping\n)*event: (?<name>\w+)\ndata: (?<data>.*)$/.exec(block)?.groups ?? {};
        this.events.push({ name, ...(JSON.parse(data) as Look) });
      }
    }
  }
}
