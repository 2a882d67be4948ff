import type { ConnectionOptions, TlsOptions } from "node:tls";
import {
  certificate,
  type EndpointSettings,
  type Gateway,
  type ItemInput,
  type Settings,
  startGateway,
} from "./gateway.ts";
import { makePki, type Pki } from "./pki.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

/** TLS options of an endpoint that demands a client certificate of its CA. */
export const demanding = (pki: Pki, more: TlsOptions = {}): TlsOptions => ({
  cert: pki.server.certificate,
  key: pki.server.key.expose(),
  ca: pki.clientCa.certificate,
  requestCert: true,
  rejectUnauthorized: true,
  ...more,
});

/** TLS options of a client that such an endpoint accepts. */
export const accepted = (pki: Pki): ConnectionOptions => ({
  ca: pki.serverCa.certificate,
  cert: pki.client.certificate,
  key: pki.client.key.expose(),
});

/** A private endpoint that demands a certificate, and a gateway in front of it whose vault holds that certificate. */
export interface PrivateEndpoint extends AsyncDisposable {
  readonly pki: Pki;
  readonly upstream: Upstream;
  readonly gateway: Gateway;
  /** The settings of the endpoint `private`, for other configurations. */
  readonly endpoint: EndpointSettings;
}

/** What differs from the plain case. */
export interface Differences {
  readonly endpoint?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Other endpoints, given the address of the upstream. */
  readonly others?: (origin: string) => Settings["endpoints"];
  readonly items?: Readonly<Record<string, ItemInput>>;
}

/**
 * Starts both. The endpoint is named `private`, its base path is /openai/v1, and it is the only one unless `others`
 * names more.
 */
export async function startPrivateEndpoint(differences: Differences = {}): Promise<PrivateEndpoint> {
  const pki = await makePki();
  const upstream = await startUpstream(demanding(pki));
  const endpoint = {
    url: `${upstream.origin}/openai/v1`,
    credentials: ["gen-cert"],
    ca: "server-ca.pem",
    ...differences.endpoint,
  };
  const gateway = await startGateway(
    { ...differences.settings, endpoints: { private: endpoint, ...differences.others?.(upstream.origin) } },
    { "gen-cert": certificate(pki.client), ...differences.items },
    (folder) => folder.write("server-ca.pem", pki.serverCa.certificate),
  ).catch(async (error: unknown) => {
    await upstream.stop();
    throw error;
  });
  return {
    pki,
    upstream,
    gateway,
    endpoint,
    async [Symbol.asyncDispose](): Promise<void> {
      await gateway[Symbol.asyncDispose]();
      await upstream.stop();
    },
  };
}
