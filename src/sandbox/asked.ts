import type { Reply } from "./reply.ts";

/** A request to write something: what each way of answering needs. */
export interface Asked {
  readonly body: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly streams: boolean;
  readonly reply: Reply;
}
