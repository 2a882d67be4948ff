import type { ServerResponse } from "node:http";
import { problem } from "../../errors.ts";
import { digestOf, isOf, randomText } from "./digest.ts";

export const sessionLimits = {
  /** From its link on, however busy it is. */
  lifetimeMs: 12 * 60 * 60_000,
  /** Without a request. */
  idleMs: 60 * 60_000,
  /** Open at once; a new one ends the one that was quiet the longest. */
  most: 16,
} as const;

/** A browser that came by a link. */
export interface Session {
  readonly expires: Date;
}

/** What a browser keeps: each alone opens nothing. */
export interface Keys {
  /** In a cookie, which scripts cannot read, but which browsers send to every port of this machine. */
  readonly cookie: string;
  /** In the page's own storage, which is this origin's alone, and sent in a header by its scripts. */
  readonly token: string;
}

interface Open extends Session {
  readonly token: Buffer;
  seen: number;
  /** Answers under way; they end with the session. */
  readonly answers: Set<ServerResponse>;
}

/** The browsers that may use the console. Of what they hold, only digests are kept. */
export class Sessions {
  readonly #now: () => number;
  /** By the digest of the cookie, the one that was quiet the longest first. */
  readonly #open = new Map<string, Open>();

  /** @param now the time in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  begin(): { readonly keys: Keys; readonly session: Session } {
    const keys = { cookie: randomText(), token: randomText() };
    const now = this.#now();
    const session: Open = {
      token: digestOf(keys.token),
      expires: new Date(now + sessionLimits.lifetimeMs),
      seen: now,
      answers: new Set(),
    };
    this.tidy();
    for (const [name, open] of this.#open) {
      if (this.#open.size < sessionLimits.most) break;
      this.#end(name, open);
    }
    this.#open.set(nameOf(keys.cookie), session);
    return { keys, session };
  }

  /**
   * The session of a request, which counts as a sign of life; its answer is cut off when the session ends before. Throws
   * `session_over` when there is none, also where only one of both keys is right.
   */
  enter({ cookie, token }: Keys, answer: ServerResponse): Session {
    this.tidy();
    const name = nameOf(cookie);
    const session = this.#open.get(name);
    if (session === undefined || !isOf(session.token, token)) throw problem("session_over", undefined);
    this.#see(name, session);
    session.answers.add(answer);
    answer.once("close", () => {
      session.answers.delete(answer);
      if (this.#open.get(name) === session) this.#see(name, session);
    });
    return session;
  }

  /** Ends the session of this cookie, and leaves the answer alone that says so. */
  end({ cookie }: Pick<Keys, "cookie">, last: ServerResponse): void {
    const name = nameOf(cookie);
    const session = this.#open.get(name);
    session?.answers.delete(last);
    if (session !== undefined) this.#end(name, session);
  }

  endAll(): void {
    for (const [name, session] of this.#open) this.#end(name, session);
  }

  #see(name: string, session: Open): void {
    session.seen = this.#now();
    this.#open.delete(name);
    this.#open.set(name, session);
  }

  /** Ends those that are over. */
  tidy(): void {
    const now = this.#now();
    for (const [name, session] of this.#open) {
      const idle = session.answers.size === 0 && now - session.seen >= sessionLimits.idleMs;
      if (idle || now >= session.expires.getTime()) this.#end(name, session);
    }
  }

  #end(name: string, { answers }: Open): void {
    this.#open.delete(name);
    for (const answer of answers) answer.destroy();
  }
}

const nameOf = (cookie: string): string => digestOf(cookie).toString("hex");
