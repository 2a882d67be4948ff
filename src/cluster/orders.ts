import type { SeenRequest } from "../admin/api/shapes/live.ts";
import type { EndpointState, Looked, Looking } from "../admin/sources.ts";
import type { Sources } from "../config/sources.ts";
import type { Code } from "../errors/catalogue.ts";
import { asProblem, PosternError } from "../errors.ts";
import type { Counted } from "../gateway/live/traffic.ts";
import type { Binding } from "../gateway/server.ts";
import type { Samples } from "./samples.ts";

/** What a worker needs to begin. */
export interface Beginning {
  /** Which worker it is: the first is 1. Its log lines carry it. */
  readonly number: number;
  /** The configuration that the primary began with: it says where the vault is, whatever was reloaded since. */
  readonly first: Sources;
  /** The configuration in force. */
  readonly sources: Sources;
  /** Of the key that the console's own requests bring; the key itself only the primary has. */
  readonly consoleDigest: string;
}

/** What is in force in the primary, and to be in force in a worker. */
export interface Wanted {
  readonly sources: Sources;
  /** The vault's. A worker whose vault is as new need not read it. */
  readonly vaultGeneration: number;
}

/**
 * What the primary asks of a worker, and what it gets back. Nothing of it is secret: a worker opens the vault by itself,
 * and a passphrase reaches it another way.
 */
export interface Orders {
  /** Opens the vault, and gets ready for connections. */
  readonly begin: { readonly about: Beginning; readonly answer: undefined };
  /** Puts this in force for new requests. Where the vault cannot be read, all that needs no newer one nevertheless. */
  readonly apply: { readonly about: Wanted; readonly answer: undefined };
  readonly states: { readonly about: undefined; readonly answer: readonly EndpointState[] };
  readonly samples: { readonly about: undefined; readonly answer: Samples };
  readonly look: { readonly about: Looking; readonly answer: Looked };
  readonly latest: { readonly about: undefined; readonly answer: ReadonlyMap<string, SeenRequest> };
  /** Of an endpoint, or of all. */
  readonly history: { readonly about: string | undefined; readonly answer: Counted };
  /** Ends a request, by its id; answers whether it was in flight there. */
  readonly stopRequest: { readonly about: string; readonly answer: boolean };
  /** Drains, answers, and ends the process. How long that may take, the primary knows. */
  readonly stop: { readonly about: undefined; readonly answer: undefined };
  /** The time of the drain is over. */
  readonly hurry: { readonly about: undefined; readonly answer: undefined };
}

export type OrderName = keyof Orders;

export interface Order<N extends OrderName = OrderName> {
  readonly id: number;
  readonly name: N;
  readonly about: Orders[N]["about"];
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: Told };

/** Where a worker reads the passphrase of the vault's identity, if there is one. */
export const passphraseDescriptor = 4;

/** Comes with a connection that the primary has accepted, and says where. */
export interface Handover {
  readonly connection: number;
  readonly binding: Binding;
}

/** A worker's word that it has a connection, before it reads the first byte of it. */
export interface Taken {
  readonly taken: number;
}

/** What a worker says first: until then, nothing that is sent to it is sure to be heard. */
export const up = "up";

/** An error on its way to another process. */
interface Told {
  readonly code: Code;
  readonly message: string;
  readonly hint: string;
}

export function tell(error: unknown): Told {
  const known = asProblem(error);
  return { code: known.code, message: known.message, hint: known.hint };
}

export const heard = ({ code, message, hint }: Told): PosternError => new PosternError(code, [message, hint]);
