import { computed, signal } from "@preact/signals";
import type { ChatAsked, ChatMessage } from "../../api/shapes/playground.ts";
import { ApiError, asApiError, errorIn } from "../api-error.ts";
import { open } from "../client.ts";
import { beginReply, type Exchange, isOver, type Reply, type Trouble } from "./exchange.ts";
import { Pace } from "./pace.ts";
import { parametersOf, type Typed, untyped } from "./parameters.ts";
import { type Piece, piecesIn, refusalOf } from "./pieces.ts";

/** A conversation with a model, and what the next question is sent with. */
export class Conversation {
  readonly endpoint = signal("");
  readonly model = signal("");
  readonly system = signal("");
  readonly parameters = signal<Typed>(untyped);
  /** What is being typed. */
  readonly draft = signal("");
  readonly exchanges = signal<readonly Exchange[]>([]);
  readonly last = computed(() => this.exchanges.value.at(-1));
  /** Whether a reply is on its way. */
  readonly busy = computed(() => this.last.value !== undefined && !isOver(this.last.value.reply.value));
  /** What became of the last reply, in words: for those who listen. */
  readonly news = signal("");
  #count = 0;
  #leaving = new AbortController();

  /** Asks what was typed. */
  ask(): void {
    const question = this.draft.value.trim();
    if (question === "" || this.busy.value) return;
    this.draft.value = "";
    void this.#exchange(question);
  }

  stop(): void {
    this.#leaving.abort();
  }

  /** Asks the last question anew. */
  regenerate(): void {
    const question = this.#takeLast();
    if (question !== undefined) void this.#exchange(question);
  }

  /** Takes the last question back, to be changed. */
  editLast(): void {
    const question = this.#takeLast();
    if (question !== undefined) this.draft.value = question;
  }

  clear(): void {
    this.stop();
    this.exchanges.value = [];
    this.news.value = "";
  }

  #takeLast(): string | undefined {
    const last = this.last.value;
    if (last === undefined || this.busy.value) return undefined;
    this.exchanges.value = this.exchanges.value.slice(0, -1);
    return last.question;
  }

  /** What was said so far; a question that got no word in reply is left out. */
  #messages(question: string): ChatMessage[] {
    const before = this.exchanges.value.flatMap(({ question, reply }): ChatMessage[] => {
      const { text } = reply.value;
      if (text === "") return [];
      return [
        { role: "user", content: question },
        { role: "assistant", content: text },
      ];
    });
    const system = this.system.value.trim();
    const first: ChatMessage[] = system === "" ? [] : [{ role: "system", content: system }];
    return [...first, ...before, { role: "user", content: question }];
  }

  async #exchange(question: string): Promise<void> {
    const [endpoint, model] = [this.endpoint.value, this.model.value.trim()];
    const messages = this.#messages(question);
    const reply = beginReply(performance.now());
    this.exchanges.value = [
      ...this.exchanges.value,
      { number: (this.#count += 1), question, endpoint, model, reply },
    ];
    this.news.value = "";
    const leaving = (this.#leaving = new AbortController());
    const asked: ChatAsked = { endpoint, model, messages, parameters: parametersOf(this.parameters.value) };
    // What has come, of which the page shows what it has drawn.
    let now = reply.value;
    const pace = new Pace(() => (reply.value = now));
    const set = (more: Partial<Reply>): void => {
      now = { ...now, ...more };
      pace.ask();
    };
    try {
      const response = await open("/playground/chat", {
        method: "POST",
        body: asked,
        signal: leaving.signal,
      });
      const requestId = response.headers.get("x-postern-request-id");
      if (requestId !== null) set({ requestId });
      if (!response.ok) throw await troubleIn(response);
      const pieces = piecesIn(response);
      let next = await pieces.next();
      for (; next.done !== true; next = await pieces.next()) set(grown(now, next.value));
      set(next.value ? { state: "whole" } : { state: "broken", trouble: brokenOff });
    } catch (error) {
      if (leaving.signal.aborted) set({ state: "stopped" });
      else set(ended(now, error));
    }
    set({ figures: { ...now.figures, endedMs: performance.now() } });
    pace.now();
    if (this.last.value?.reply === reply) this.news.value = newsOf(now);
  }
}

/** A refusal on its way out. */
class Refused extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.error.message);
    this.trouble = trouble;
  }
}

async function troubleIn(response: Response): Promise<Refused> {
  // Only what an endpoint answered carries its name.
  return response.headers.has("x-postern-endpoint")
    ? new Refused({ by: "endpoint", error: await refusalOf(response) })
    : new Refused({ by: "gateway", error: await errorIn(response) });
}

/** The endpoint, a stop on the page Live, the gateway's own end: which of them it was, nobody tells the client. */
const brokenOff: Trouble = {
  by: "endpoint",
  error: new ApiError(0, {
    message: "It ended before it was whole; what had come by then stands above.",
    hint: "follow its request to the page Live: it says who ended it",
    code: "broken_off",
  }),
};

/** How a reply ends that an error ended. */
function ended(reply: Reply, error: unknown): Partial<Reply> {
  if (error instanceof Refused) return { state: "refused", trouble: error.trouble };
  const begun = reply.state === "coming";
  // The network says no more than that: the connection was cut.
  if (begun && !(error instanceof ApiError)) return { state: "broken", trouble: brokenOff };
  const by = error instanceof ApiError && error.code === "endpoint" ? "endpoint" : "gateway";
  return { state: begun ? "broken" : "refused", trouble: { by, error: asApiError(error) } };
}

function grown(reply: Reply, { text, thoughts, finish, usage }: Piece): Partial<Reply> {
  const { figures } = reply;
  const begins = figures.firstTokenMs === undefined && text + thoughts !== "";
  return {
    state: "coming",
    text: reply.text + text,
    thoughts: reply.thoughts + thoughts,
    ...(finish === "length" && { cutShort: true }),
    figures: {
      ...figures,
      ...(begins && { firstTokenMs: performance.now() }),
      ...(usage?.input !== undefined && { inputTokens: usage.input }),
      ...(usage?.output !== undefined && { outputTokens: usage.output }),
    },
  };
}

function newsOf({ state, trouble }: Reply): string {
  if (state === "whole") return "The answer is complete.";
  if (state === "stopped") return "The answer was stopped.";
  return `The answer ${state === "broken" ? "broke off" : "was refused"}: ${trouble?.error.message ?? ""}`;
}
