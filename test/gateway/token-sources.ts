import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Folder } from "../support/folder.ts";
import { type Gateway, type ItemInput, startGateway } from "../support/gateway.ts";
import { type Exchange, startUpstream, type Upstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";

/** An item whose token comes from a source. */
export const fromFile = (file: string, ttl?: string): ItemInput => ({
  kind: "bearer-token",
  value: "",
  facts: { "source-file": file, ...(ttl !== undefined && { ttl }) },
});
export const fromCommand = (command: string, ttl: string): ItemInput => ({
  kind: "bearer-token",
  value: "",
  facts: { "source-command": command, ttl },
});

/** The token that a request brought. */
export const tokenIn = ({ head }: Exchange): string =>
  valuesOf(head, "authorization").join().replace("Bearer ", "");

/** Whether a process runs. */
export const isAlive = (pid: number): boolean => {
  try {
    // A zombie has ended, whether or not somebody has looked.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

/** A folder for what tokens come from, and an endpoint that accepts some of them and answers 401 to the others. */
export class Stage implements AsyncDisposable {
  readonly folder = new Folder();
  readonly upstream: Upstream;
  /** The tokens that the endpoint accepts; all, as long as there are none. */
  accepted = new Set<string>();
  #runs = 0;

  private constructor(upstream: Upstream) {
    this.upstream = upstream;
    upstream.answer = async (exchange) => {
      const body = (await exchange.body).toString();
      if (this.accepted.size > 0 && !this.accepted.has(tokenIn(exchange)))
        return exchange.json({ detail: "who are you?" }, "401 Unauthorized");
      return exchange.json({ body });
    };
  }

  static async set(): Promise<Stage> {
    return new Stage(await startUpstream());
  }

  /** Starts a gateway with one endpoint, "it", that takes this item. */
  serve(item: ItemInput, more: Readonly<Record<string, unknown>> = {}): Promise<Gateway> {
    const url = `${this.upstream.origin}/v1`;
    return startGateway({ endpoints: { it: { url, credentials: ["token"], ...more } } }, { token: item });
  }

  /** The tokens that the endpoint has seen, each run of the same one counted once. */
  get seen(): readonly string[] {
    const all = this.upstream.exchanges.map(tokenIn);
    return all.filter((token, index) => token !== all[index - 1]);
  }

  /** Puts a token into a file in one step, as whoever issues them does. */
  issue(name: string, text: string): string {
    writeFileSync(this.folder.file(`${name}.new`), text, { mode: 0o600 });
    renameSync(this.folder.file(`${name}.new`), this.folder.file(name));
    return this.folder.file(name);
  }

  /** A command that prints `<prefix><number of the run>`; the text of `extra` runs before that. */
  counting(prefix: string, extra = ""): string {
    const file = this.folder.file(`runs-${(this.#runs += 1)}`);
    writeFileSync(file, "");
    return `printf x >> ${file}; ${extra} printf '%s%s\\n' ${prefix} "$(wc -c < ${file} | tr -d ' ')"`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.upstream.stop();
    this.folder[Symbol.dispose]();
  }
}
