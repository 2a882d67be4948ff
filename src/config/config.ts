/** The types of an endpoint; each takes only certain kinds of credential (see `vault/kinds`). */
export const endpointTypes = ["dedicated", "serverless", "hugging-face"] as const;
export type EndpointType = (typeof endpointTypes)[number];

/** Where a server listens, or listens for an endpoint of its own. */
export type Address =
  | { readonly host: string; readonly port: number }
  /** An absolute path. */
  | { readonly socket: string };

/** The time that each phase of a request may take; 0 means no limit. */
export interface Timeouts {
  /** DNS, TCP and TLS together. */
  readonly connectMs: number;
  /** From the request's last byte sent to the answer's first byte. */
  readonly firstByteMs: number;
  /** Silence within an answer. */
  readonly idleMs: number;
}

export interface EndpointConfig {
  readonly name: string;
  readonly type: EndpointType;
  /** `https://host[:port]`; `http:` only to loopback. Never ends with a slash. */
  readonly origin: string;
  /** The path that the local `/v1` stands for, such as `/openai/v1`; empty for the root. Never ends with a slash. */
  readonly basePath: string;
  /** Names of vault items, at least one. */
  readonly credentials: readonly string[];
  /** The models that this endpoint serves by their own ids; empty when the file names none. */
  readonly models: readonly string[];
  /** Local model name → the endpoint's own id. */
  readonly aliases: ReadonlyMap<string, string>;
  /** PEM text of CAs that sign the endpoint's server certificate, beside the system's own. */
  readonly ca: string | undefined;
  /** Listeners whose `/v1` is this endpoint. */
  readonly listen: readonly Address[];
  readonly timeouts: Timeouts;
}

export interface Config {
  /** Absolute path of the file that this was read from. */
  readonly file: string;
  readonly listen: readonly Address[];
  readonly admin: Address;
  /** Absolute path of `vault.age`. */
  readonly vault: string;
  /** Absolute path of the age identity file. */
  readonly identity: string;
  /** The endpoint for requests whose model no endpoint names. */
  readonly defaultEndpoint: string | undefined;
  readonly endpoints: ReadonlyMap<string, EndpointConfig>;
  readonly limits: {
    /** How far into a body its model is searched for. */
    readonly peekBytes: number;
  };
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** A problem at a key of the file, in the form in which the parser reports its own. */
  readonly at: (path: readonly (string | number)[], message: string, wayOut: string) => string;
}
