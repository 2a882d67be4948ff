import { createServer, type IncomingMessage } from "node:http";
import fastify from "fastify";

/** What `/readyz` says of one endpoint. */
export interface EndpointState {
  readonly endpoint: string;
  readonly ready: boolean;
  /** The code and words of what stands in its way. */
  readonly code?: string;
  readonly message?: string;
}

/** What the admin listener tells, asked for at each request. */
export interface AdminSources {
  /** Refuses a request that no program of this machine sends; throws what it is to be answered with. */
  readonly guard: (req: IncomingMessage, target: string) => void;
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
  /** Turns an error into status, headers and body. */
  readonly describe: (error: unknown) => { readonly status: number; readonly body: string };
}

/** Makes the admin listener's server; the caller binds it. */
export async function createAdmin({ guard, state, metrics, describe }: AdminSources) {
  const app = fastify({
    serverFactory: (handler) => createServer({ requestTimeout: 30_000, insecureHTTPParser: false }, handler),
  });
  app.addHook("onRequest", async (request) => guard(request.raw, request.originalUrl));
  app.setErrorHandler((error, _request, reply) => {
    const { status, body } = describe(error);
    return reply.code(status).type("application/json").send(body);
  });

  // Alive: the process answers. Ready: it takes requests, though single endpoints may lack their credentials.
  app.get("/healthz", () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const { ready, ...more } = await state();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready", ...more });
  });
  app.get("/metrics", async (_request, reply) => {
    const { contentType, text } = await metrics();
    return reply.header("Content-Type", contentType).send(text);
  });
  app.get("/", () => ({ name: "postern", paths: ["/healthz", "/readyz", "/metrics"] }));
  await app.ready();
  return app;
}
