import { signal } from "@preact/signals";
import { type ApiError, asApiError } from "../api-error.ts";
import { events, type StreamEvent } from "../client.ts";
import { begun, changed, type Lately, nothingYet } from "./lately.ts";
import type { Look } from "../../api/shapes/live.ts";

/** The page is drawn anew at most this often, however fast the news come. */
const drawEveryMs = 500;

/** Follows the traffic while the page is in sight. */
export class Feed {
  readonly lately = signal<Lately>(nothingYet);
  /** Whether the stream has begun; what is shown before, and after a break, may be out of date. */
  readonly flowing = signal(false);
  readonly refused = signal<ApiError | undefined>(undefined);
  #newest: Lately = nothingYet;
  #following: AbortController | undefined;
  #drawn = 0;
  #drawing: ReturnType<typeof setTimeout> | undefined;

  /** Begins; what it returns ends it. */
  start(): () => void {
    const seen = (): void => (document.visibilityState === "visible" ? this.#follow() : this.#leave());
    document.addEventListener("visibilitychange", seen);
    seen();
    return () => {
      document.removeEventListener("visibilitychange", seen);
      this.#leave();
    };
  }

  /** After a refusal: asks once more. */
  retry(): void {
    this.#leave();
    this.#follow();
  }

  #follow(): void {
    if (this.#following !== undefined) return;
    const { signal } = (this.#following = new AbortController());
    this.refused.value = undefined;
    events("/live", { onEvent: (event) => this.#take(event), signal }).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#leave();
      this.refused.value = asApiError(error);
    });
  }

  #leave(): void {
    this.#following?.abort();
    this.#following = undefined;
    this.flowing.value = false;
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
  }

  #take({ name, data }: StreamEvent): void {
    const look = JSON.parse(data) as Look;
    this.#newest = name === "snapshot" ? begun(this.#newest, look) : changed(this.#newest, look);
    this.flowing.value = true;
    const waitMs = Math.max(0, this.#drawn + drawEveryMs - performance.now());
    this.#drawing ??= setTimeout(() => requestAnimationFrame(() => this.#draw()), waitMs);
  }

  #draw(): void {
    this.#drawing = undefined;
    this.#drawn = performance.now();
    this.lately.value = this.#newest;
  }
}
