import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Config, EndpointConfig } from "../config/config.ts";
import type { Problem } from "../config/problem.ts";
import type { PosternError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import type { Recorder } from "../vault/audit/audit.ts";
import type { Vault } from "../vault/vault.ts";
import type { TestStep } from "./api/shapes/endpoint.ts";
import type { History, Look, SeenRequest } from "./api/shapes/live.ts";
import type { Reloads } from "./reloads.ts";

/** What `/readyz` says of one endpoint. */
export interface EndpointState {
  readonly endpoint: string;
  readonly ready: boolean;
  /** The code and words of what stands in its way. */
  readonly code?: string;
  readonly message?: string;
}

/** How much of what ended somebody has seen, by the process in which it did. */
export type Cursor = Readonly<Record<string, number>>;

/** What to look at. */
export interface Looking {
  /** Only what ended since; without it, what ended lately. */
  readonly since?: Cursor | undefined;
  /** How many at most, of those that ended and of those in flight: the newest. */
  readonly most: number;
}

/** What was seen, and where the next look goes on. */
export interface Looked extends Look {
  readonly cursor: Cursor;
}

/** The requests of the gateway: those in flight, the last thousand that ended, and the last hour in figures. */
export interface Live {
  look(looking: Looking): Promise<Looked>;
  /** The last request to each endpoint that has ended. */
  latest(): Promise<ReadonlyMap<string, SeenRequest>>;
  /** @param endpoint all together without it */
  history(endpoint: string | undefined): Promise<History>;
  /** Ends a request that is in flight. Returns whether it was. */
  stop(id: string): Promise<boolean>;
}

/** What the admin listener tells and may change: the running gateway, as the rooms behind it see it. */
export interface AdminSources {
  /** Refuses a request that no program of this machine sends; throws what it is to be answered with. */
  readonly guard: (req: IncomingMessage, target: string) => void;
  /** Has a request wait for the answers before its own on its connection; `handle` is called when its turn has come. */
  readonly inTurn: (socket: Socket, res: ServerResponse, handle: () => void) => void;
  /** Whether the gateway takes requests, and what stands in the way of single endpoints. */
  readonly state: () => Promise<{
    readonly ready: boolean;
    readonly reload: string;
    /** How many processes serve, and how many are to. */
    readonly workers: { readonly serving: number; readonly wanted: number };
    readonly endpoints: readonly EndpointState[];
    /** The items of the vault that have expired, or will within 30 days. */
    readonly expiring: readonly { readonly item: string; readonly state: string; readonly expires: Date }[];
  }>;
  /** All metrics, in Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** What an answer says of an error: one that the catalogue does not have is told to the log, and is `internal` here. */
  readonly known: (error: unknown) => PosternError;
  /** What programs bring to use the API, or why there is none. */
  readonly token: () => Secret | PosternError;
  /** The vault records nothing by itself here: what is done with it for somebody is recorded with `record`. */
  readonly vault: Vault;
  /** Records a use of the vault as the console's. */
  readonly record: Recorder;
  /** The configuration in force. */
  readonly config: () => Config;
  /** Reads configuration and vault again; throws what is wrong with them. */
  readonly reload: () => Promise<void>;
  /** The way to the gateway's own front door, for requests that the console sends. */
  readonly gateway: {
    /** Base URLs, or `unix:/path`; the first is the gateway's own. */
    readonly listen: () => readonly string[];
    /** Lets the console in where local keys are demanded; made at each start, and written nowhere. */
    readonly key: Secret;
  };
  /** The text of the configuration file as it is in force. */
  readonly text: () => string;
  /** The problems for which a reload refuses a configuration that is right in itself: what the vault has not got. */
  readonly wrongPairs: (config: Config) => readonly Problem[];
  /** Changes the configuration file and puts it in force, one change after the other; throws why it did not. */
  readonly edit: (change: (text: string) => string) => Promise<void>;
  /** The same for a change that takes something out, which may be what is wrong with the file as it lies there. */
  readonly remove: (change: (text: string) => string) => Promise<void>;
  /** The keys of the file in force that say something else than at the start, and wait for a restart. */
  readonly needsRestart: () => readonly string[];
  readonly reloads: Reloads;
  /** Where the admin listener itself is: a base URL, or `unix:/path`. */
  readonly adminUrl: () => string;
  readonly live: Live;
  /** Tests an endpoint: goes the way of a request step by step, until one fails or the signal aborts. */
  readonly walk: (endpoint: EndpointConfig, signal: AbortSignal) => AsyncIterable<TestStep>;
}
