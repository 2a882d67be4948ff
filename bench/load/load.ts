import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { forkBeside } from "../stage.ts";
import type { Jobs } from "./main.ts";

/** No job may take longer: the longest opens its streams for 10 s and looks for a few more. */
const jobWithinMs = 30_000;

type Reply = { readonly result: unknown } | { readonly error: string };

/** The process that all load comes from: one for the whole run, so that its own code is warm for every contender. */
export class Load implements Disposable {
  #child: ChildProcess | undefined;

  /** @throws Error with what went wrong, or when the job takes too long */
  async run<Kind extends keyof Jobs>(job: Jobs[Kind][0] & { readonly kind: Kind }): Promise<Jobs[Kind][1]> {
    this.#child ??= forkBeside("load/main.ts");
    this.#child.send(job);
    const signal = AbortSignal.timeout(jobWithinMs);
    let reply: Reply;
    try {
      [reply] = (await once(this.#child, "message", { signal })) as [Reply];
    } catch (error) {
      this[Symbol.dispose]();
      throw new Error(`the load did not end within ${jobWithinMs / 1e3} s`, { cause: error });
    }
    if ("error" in reply) throw new Error(reply.error);
    return reply.result as Jobs[Kind][1];
  }

  [Symbol.dispose](): void {
    this.#child?.kill();
    this.#child = undefined;
  }
}
