import type { IncomingMessage, ServerResponse } from "node:http";
import { PosternError, problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { cookieIn, cookieName } from "./cookie.ts";
import { digestOf, isOf } from "./digest.ts";
import { Links } from "./links.ts";
import { proofOf } from "./proof.ts";
import { type Keys, type Session, Sessions } from "./sessions.ts";

/** Who may use the API: programs that bring the admin token, and browsers that came by a link. */
export class Access {
  readonly links: Links;
  readonly sessions: Sessions;
  readonly #token: () => Secret | PosternError;
  /** What the links and sessions were made under: whoever changes the admin token locks them all out. */
  #under: Secret | PosternError | undefined;

  /**
   * @param token the admin token, or why there is none
   * @param now the time in milliseconds
   */
  constructor(token: () => Secret | PosternError, now: () => number = Date.now) {
    this.#token = token;
    this.links = new Links(now);
    this.sessions = new Sessions(now);
  }

  /**
   * Lets a request in, or throws why not: `admin_token_required`, `admin_token_wrong`, `session_over`, or what stands in
   * the way of the admin token. Whoever guesses is neither counted nor slowed down: of 256 random bits nothing is found
   * by trying.
   *
   * @returns the session of a browser; undefined for a program
   */
  admit(request: IncomingMessage, answer: ServerResponse): Session | undefined {
    const wanted = this.#current();
    const bearer = bearerOf(request);
    if (bearer !== undefined) {
      if (!isOf(digestOf(wanted.expose()), bearer)) throw problem("admin_token_wrong", undefined);
      return undefined;
    }
    const keys = keysOf(request);
    if (keys === undefined) throw problem("admin_token_required", undefined);
    return this.sessions.enter(keys, answer);
  }

  /** What shows whoever has the admin token that this gateway knows it too. Throws why there is none. */
  prove(challenge: string): string {
    return proofOf(this.#current(), challenge);
  }

  /** Opens a session for the code of a link. Throws `link_unknown`, `link_used`, `link_expired`. */
  open(code: string): { readonly keys: Keys; readonly session: Session } {
    this.#current();
    this.links.use(code);
    return this.sessions.begin();
  }

  /** Ends the session that a request brings, if it does. */
  close(request: IncomingMessage, answer: ServerResponse): void {
    const keys = keysOf(request);
    if (keys !== undefined) this.sessions.end(keys, answer);
  }

  /** Ends what is over, or locked out, also where nobody asks any more. */
  tidy(): void {
    this.#follow();
    this.sessions.tidy();
  }

  /** The admin token as it is now. Throws why there is none. */
  #current(): Secret {
    const token = this.#follow();
    if (token instanceof PosternError) throw token;
    return token;
  }

  #follow(): Secret | PosternError {
    const token = this.#token();
    if (this.#under !== undefined && !same(this.#under, token)) {
      this.links.clear();
      this.sessions.endAll();
    }
    this.#under = token;
    return token;
  }
}

const same = (a: Secret | PosternError, b: Secret | PosternError): boolean =>
  a === b || (!(a instanceof PosternError) && !(b instanceof PosternError) && a.equals(b));

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +(?<token>\S+) *$/i.exec(headers.authorization ?? "")?.groups?.["token"];
}

/** Both keys of a browser's session; undefined where it brings none of them, or only one. */
function keysOf(request: IncomingMessage): Keys | undefined {
  const cookie = cookieIn(request.headers.cookie ?? "", cookieName(request));
  const token = request.headers["x-postern-token"];
  return cookie === undefined || typeof token !== "string" ? undefined : { cookie, token };
}
