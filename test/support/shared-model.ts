import { type Answer, type Ask, type Client, connect } from "./client.ts";
import {
  bearer,
  type EndpointSettings,
  type Gateway,
  type ItemInput,
  type Settings,
  startGateway,
} from "./gateway.ts";
import { type Answering, type Exchange, startUpstream, type Upstream } from "./upstream.ts";

/** A body that names the model. */
export const chat = (model = "m"): string => JSON.stringify({ model, messages: [] });

const posted: Ask = {
  method: "POST",
  target: "/v1/chat/completions",
  headers: ["Content-Type: application/json"],
  body: chat(),
};

/** Several endpoints, named a, b, c …, that serve the same model `m`, and a gateway in front of them. */
export class SharedModel implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly upstreams: readonly Upstream[];
  readonly settings: Settings;

  constructor(gateway: Gateway, upstreams: readonly Upstream[], settings: Settings) {
    this.gateway = gateway;
    this.upstreams = upstreams;
    this.settings = settings;
  }

  upstream(name: string): Upstream {
    const upstream = this.upstreams["abcdef".indexOf(name)];
    if (upstream === undefined) throw new Error(`there is no endpoint ${name}`);
    return upstream;
  }

  /** Lets an endpoint answer so. */
  let(name: string, answer: Answering): void {
    this.upstream(name).answer = answer;
  }

  /** How many requests each endpoint has seen. */
  get seen(): readonly number[] {
    return this.upstreams.map(({ exchanges }) => exchanges.length);
  }

  post(ask: Partial<Ask> = {}): Promise<Answer> {
    return this.gateway.ask({ ...posted, ...ask });
  }

  /** A connection that has sent the same, and whose answer nobody reads yet. */
  async posting(): Promise<Client> {
    const client = await connect(this.gateway.base);
    client.send(posted);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await Promise.all(this.upstreams.map((upstream) => upstream.stop()));
  }
}

/** What differs from the plain case: keys of the file, and of single endpoints. */
export interface Differences {
  readonly endpoints?: number;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly each?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export async function startSharedModel({
  endpoints = 2,
  settings,
  each,
}: Differences = {}): Promise<SharedModel> {
  const upstreams = await Promise.all(Array.from({ length: endpoints }, () => startUpstream()));
  const names = "abcdef".slice(0, endpoints).split("");
  const named = upstreams.map(({ origin }, index): [string, EndpointSettings] => {
    const name = names[index] ?? "";
    return [name, { url: `${origin}/v1`, credentials: [`token-${name}`], models: ["m"], ...each?.[name] }];
  });
  const all: Settings = { ...settings, endpoints: Object.fromEntries(named) };
  const items = names.map((name): [string, ItemInput] => [
    `token-${name}`,
    bearer(`canary-bearer-${name}-5d1e`),
  ]);
  const gateway = await startGateway(all, Object.fromEntries(items));
  return new SharedModel(gateway, upstreams, all);
}

/** Answers with this status and these header lines. */
export const answering =
  (status: string, headers: readonly string[] = [], text = status): Answering =>
  async (exchange: Exchange) => {
    await exchange.body;
    const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(text)}`];
    await exchange.write(`${lines.join("\r\n")}\r\n\r\n${text}`);
  };

/** The value of a header of an answer. */
export const header = ({ headers }: Pick<Answer, "headers">, name: string): string | undefined =>
  headers.find(([key]) => key.toLowerCase() === name)?.[1];
