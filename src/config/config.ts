import type { Problem } from "./problem.ts";

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

/** A path of an endpoint that is asked from time to time whether all is well. */
export interface ProbeConfig {
  /** Of the endpoint's origin, not under its base; origin-form. */
  readonly path: string;
  readonly everyMs: number;
}

/** Which of the endpoints that serve a model is asked first; the others are asked when that one does not serve. */
export const choosings = ["in-order", "weighted", "least-in-flight"] as const;
export type Choosing = (typeof choosings)[number];

/** How the endpoints that serve one model share its requests. */
export interface ModelConfig {
  readonly choose: Choosing;
  /** Endpoint → how often it is the first, in proportion to the others' weights; 1 where it is not named. */
  readonly weights: ReadonlyMap<string, number>;
}

/** How often a request is sent again, to another endpoint that serves its model. */
export interface RetriesConfig {
  /** How many endpoints are asked for one request, the first included: at least 1. */
  readonly attempts: number;
  /** Repeated requests, as a share of all. */
  readonly budget: number;
  /** How long a request may wait for an endpoint that has asked for a pause. */
  readonly mostWaitMs: number;
}

/** When an endpoint that fails is asked last. */
export interface EjectionConfig {
  /** Failures in a row; 0 never ejects. */
  readonly after: number;
  /** The first time; longer when it fails again. */
  readonly forMs: number;
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
  /** Undefined where its answers are not kept. */
  readonly cache: CacheConfig | undefined;
  readonly probe: ProbeConfig | undefined;
}

/** How an endpoint's answers are kept in memory, to be given again. */
export interface CacheConfig {
  readonly sizeBytes: number;
  readonly ttlMs: number;
  /** Whether requests with different local keys get each other's answers. */
  readonly shared: boolean;
}

/** Where the passphrase of a wrapped identity comes from. */
export type PassphrasePlace =
  /** A person types it. */
  | { readonly prompt: true }
  /** An absolute path. */
  | { readonly file: string }
  /** A file descriptor that the starting process hands over. */
  | { readonly descriptor: number }
  /** A credential of systemd, by its name in `$CREDENTIALS_DIRECTORY`. */
  | { readonly credential: string };

/** Where the age identity that opens the vault lies. */
export type IdentityPlace =
  /** An absolute path; the passphrase is asked for only where the file is itself encrypted. */
  | { readonly file: string; readonly passphrase: PassphrasePlace }
  /** The name of an entry in the operating system's keyring. */
  | { readonly keyring: string };

/** Where the uses of the vault are recorded. */
export interface AuditConfig {
  /** Absolute path; undefined where nothing is recorded. */
  readonly file: string | undefined;
  /** A file that has grown to this is put away, and a new one begun. */
  readonly maxBytes: number;
  /** How many files that were put away are kept. */
  readonly keep: number;
}

/** How much a local key may use; undefined is without a limit. */
export interface KeyLimits {
  readonly requestsPerMinute: number | undefined;
  /** Of prompts and answers together, as the endpoints count them. */
  readonly tokensPerMinute: number | undefined;
  /** Requests in flight at once. */
  readonly concurrency: number | undefined;
}

/** What the gateway knows of an application's local key; the key itself only the application has. */
export interface LocalKeyConfig {
  readonly name: string;
  /** SHA-256 of the key, 64 lower-case hexadecimal digits. */
  readonly digest: string;
  /** The endpoints that it may use; empty for all. */
  readonly endpoints: readonly string[];
  /** The models that it may name, as requests name them; empty for all. */
  readonly models: readonly string[];
  readonly limits: KeyLimits;
}

export interface Config {
  /** Absolute path of the file that this was read from. */
  readonly file: string;
  readonly listen: readonly Address[];
  readonly admin: Address;
  /** How many processes serve requests; "auto" is as many as the machine runs at once. */
  readonly workers: number | "auto";
  /** The local keys, by name; undefined where none is demanded. When there are none, every request is refused. */
  readonly keys: ReadonlyMap<string, LocalKeyConfig> | undefined;
  /** Origins of web pages that may send requests, in the form of the Origin header. */
  readonly allowOrigins: readonly string[];
  /** `name` or `name:port`, lower case: what Host may say beside a listener's own address. */
  readonly allowHosts: readonly string[];
  /** Absolute path of `vault.age`. */
  readonly vault: string;
  readonly identity: IdentityPlace;
  /** Absolute path of the file with the token for the API of the admin listener. */
  readonly adminToken: string;
  readonly audit: AuditConfig;
  /** Names of certificates that the gateway renews by itself, where their CA is Postern's own. */
  readonly renew: readonly string[];
  /** The endpoint for requests whose model no endpoint names. */
  readonly defaultEndpoint: string | undefined;
  readonly endpoints: ReadonlyMap<string, EndpointConfig>;
  /** For the models that the file says more of than who serves them. */
  readonly models: ReadonlyMap<string, ModelConfig>;
  readonly retries: RetriesConfig;
  readonly ejection: EjectionConfig;
  /** How long a stop lets what is in flight go on; Infinity is no limit. */
  readonly drainMs: number;
  readonly limits: {
    /** How far into a body its model is searched for. */
    readonly peekBytes: number;
    /** Of a request's body; Infinity is no limit. */
    readonly bodyBytes: number;
    /** Connections of local clients that one process keeps open. */
    readonly connections: number;
  };
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** A problem at a key of the file, as the parser reports its own. */
  readonly at: (path: Problem["path"], message: string, wayOut: string) => Problem;
}
