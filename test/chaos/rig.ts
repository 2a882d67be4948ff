import { expect } from "vitest";
import type { Code } from "../../src/errors/catalogue.ts";
import { type Answer, type Ask, type Client, connect, errorIn } from "../support/client.ts";
import { certificate, type Gateway, startGateway } from "../support/gateway.ts";
import { makePki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { Cut } from "../support/wire.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

/** How a request ended, as the log and the metrics tell it. */
export interface Ending {
  readonly outcome: string;
  /** Absent for an answer of the endpoint's own. */
  readonly code?: Code;
  /** What the client got; 0 for no answer. */
  readonly status: number;
}

/** A gateway, a proxy that makes faults, and an endpoint behind it. */
export interface Rig extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly proxy: FaultProxy;
  readonly upstream: Upstream;
  /** Forgets what was, so that the next request finds no connection and no fault. */
  reset(): void;
  /** A client of the gateway's that has sent this. */
  client(ask: Ask): Promise<Client>;
  /** Runs `act`, in which one request ends, and expects this of its log line and of the metrics. */
  ends(ending: Ending, act: () => Promise<void>): Promise<void>;
}

/** @param endpoints what differs from the plain case, by the name of the endpoint; their base path is /v1 */
export async function startRig(
  endpoints: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<Rig> {
  const pki = await makePki();
  const upstream = await startUpstream(demanding(pki));
  const proxy = await startFaultProxy(upstream.origin);
  const plain = { url: `${proxy.origin}/v1`, credentials: ["gen-cert"], ca: "ca.pem" };
  const gateway = await startGateway(
    {
      endpoints: Object.fromEntries(
        Object.entries(endpoints).map(([name, differences]) => [name, { ...plain, ...differences }]),
      ),
    },
    { "gen-cert": certificate(pki.client) },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );
  const requestsOf = (outcome: string): Promise<number> =>
    gateway.metric("postern_requests_total", `outcome="${outcome}"`);
  return {
    gateway,
    proxy,
    upstream,
    reset(): void {
      upstream.forget();
      proxy.forget();
    },
    async client(ask): Promise<Client> {
      const client = await connect(gateway.base);
      client.send(ask);
      return client;
    },
    async ends(ending, act): Promise<void> {
      const before = { lines: gateway.requests().length, metric: await requestsOf(ending.outcome) };
      await act();
      const lines = (await gateway.ended(before.lines + 1)).slice(before.lines);
      const { outcome, code, status } = ending;
      expect(lines.map((line) => [line["outcome"], line["code"], line["status"] ?? 0])).toEqual([
        [outcome, code, status],
      ]);
      expect((await requestsOf(outcome)) - before.metric).toBe(1);
      expect(await gateway.metric("postern_requests_in_flight")).toBe(0);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await gateway[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await upstream.stop();
    },
  };
}

/** What a client got to see of an answer. */
export type Sight =
  /** One of our errors, by its code. */
  | { readonly error: string }
  | { readonly status: number; readonly text: string; readonly whole: boolean }
  /** The connection ended before an answer began. */
  | "nothing";

/** Reads an answer to its end, whichever it is. */
export async function sightOf(client: Client): Promise<Sight> {
  let answer: Answer;
  try {
    answer = await client.answer();
  } catch (error) {
    if (error instanceof Cut) return "nothing";
    throw error;
  } finally {
    client.leave();
  }
  const ours = answer.status >= 400 && answer.headers.some(([name]) => name.toLowerCase() === "x-request-id");
  if (ours) return { error: errorIn(answer).code };
  return { status: answer.status, text: answer.text, whole: !answer.cut };
}
