import { PosternError } from "../../errors.ts";
import type { Attachment } from "../upstream/attach.ts";
import { Held } from "./held.ts";
import { Passing } from "../upstream/passing.ts";
import type { Exchange, ExchangeSink } from "../upstream/exchange.ts";
import type { Anew, Sending } from "../upstream/upstream.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

/**
 * Sends a request with a token that came from a source. When the endpoint says 401, the source is asked anew; if it
 * gives another token, and all of the request is at hand, it is sent once more, with that one. Else the 401 stands.
 */
export class Renewing extends Passing implements Exchange {
  /** What it is sent with. */
  #attachment: Attachment;
  /** Absent when the request is not to be sent once more: with it goes the body, which can be large. */
  #anew: Anew | undefined;
  #exchange: Exchange;
  #over = false;

  private constructor({ upstream, request }: Sending, anew: Anew, sink: ExchangeSink) {
    super(sink);
    this.#attachment = upstream.attachment;
    this.#anew = request.body?.rest === undefined ? anew : undefined;
    this.#exchange = upstream.send(request, this, () => {
      const now = anew();
      this.#attachment = now?.upstream.attachment ?? this.#attachment;
      return now;
    });
  }

  static start(sending: Sending, anew: Anew, sink: ExchangeSink): Exchange {
    return new Renewing(sending, anew, sink);
  }

  abort(): void {
    this.#over = true;
    this.#exchange.abort();
  }

  pause(): void {
    this.#exchange.pause();
  }

  resume(): void {
    this.#exchange.resume();
  }

  override informational(head: ResponseHead): void {
    // The client has been told something then. A 100 is not passed on: it has been answered by ourselves.
    if (head.status !== 100) this.#anew = undefined;
    super.informational(head);
  }

  override head(head: ResponseHead): void {
    if (head.status === 401 && this.#anew !== undefined) void this.#renew(this.to);
    else this.#anew = undefined;
    super.head(head);
  }

  /** Keeps the answer back until it is known whether there is another token. */
  async #renew(client: ExchangeSink): Promise<void> {
    const refused = this.#exchange;
    const held = new Held(() => refused.pause());
    this.to = held;
    const next = await this.#renewed();
    const anew = this.#anew;
    this.#anew = undefined;
    if (this.#over) return;
    if (next === undefined) {
      // What comes then comes later.
      refused.resume();
      this.to = client;
      return held.giveTo(client);
    }
    held.drop();
    refused.abort();
    this.#exchange = next.upstream.send(next.request, client, anew);
  }

  /** What is sent with another token, if there is one. */
  async #renewed(): Promise<Sending | undefined> {
    // Another request may have come here first.
    const known = this.#another();
    if (known !== undefined) return known;
    await Promise.all(this.#attachment.live.map(({ live }) => live.renew()));
    return this.#another();
  }

  #another(): Sending | undefined {
    try {
      const next = this.#anew?.();
      return next?.upstream.attachment.version === this.#attachment.version ? undefined : next;
    } catch (error) {
      if (error instanceof PosternError) return undefined;
      throw error;
    }
  }
}
