import { bearer, certificate, type Gateway, startGateway } from "../support/gateway.ts";
import { Folder } from "../support/folder.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { answerOf } from "../support/shapes.ts";
import { type Exchange, startUpstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";
import { startLoggingNginx } from "./nginx.ts";

const tokens = { first: "canary-bearer-attack-41c7", second: "canary-bearer-attack-second-9d02" };
const bases = { first: "/openai/v1", second: "/openai/v1x" };

/** A request as the endpoint saw it. */
export interface Seen {
  readonly line: string;
  /** `broken` where its connection ended inside it; undefined where the endpoint does not tell. */
  readonly body: { readonly text: string } | { readonly bytes: number } | "broken" | undefined;
  /** What no request of the gateway's may show. */
  readonly faults: readonly string[];
}

/** A gateway, and an endpoint behind it that tells what it saw. */
export interface Stage extends AsyncDisposable {
  readonly gateway: Gateway;
  /** Every request since the start; those that are under way are waited for. */
  seen(): Promise<readonly Seen[]>;
}

/** The credential that belongs to a target: the endpoints differ in their base paths. */
const nameFor = (line: string): keyof typeof tokens => {
  const target = line.slice(line.indexOf(" ") + 1);
  return target === bases.second || target.startsWith(`${bases.second}/`) ? "second" : "first";
};

const gatewayTo = (origin: string, pki: Pki): Promise<Gateway> =>
  startGateway(
    {
      endpoints: {
        private: {
          url: `${origin}${bases.first}`,
          credentials: ["gen-cert", "first"],
          ca: "ca.pem",
          models: ["model-a"],
        },
        second: {
          url: `${origin}${bases.second}`,
          credentials: ["gen-cert", "second"],
          ca: "ca.pem",
          models: ["model-b"],
        },
      },
    },
    {
      "gen-cert": certificate(pki.client),
      first: bearer(tokens.first),
      second: bearer(tokens.second),
    },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );

function faultsOf({ head, certificate }: Exchange, host: string): readonly string[] {
  const faults: string[] = [];
  const wants = (is: unknown, wanted: unknown, what: string): void => {
    if (JSON.stringify(is) !== JSON.stringify(wanted)) faults.push(`${what} is ${JSON.stringify(is)}`);
  };
  const text = JSON.stringify(head);
  wants(valuesOf(head, "host"), [host], "Host");
  const shown = valuesOf(head, "authorization").map(
    (value) => Object.entries(tokens).find(([, token]) => value === `Bearer ${token}`)?.[0] ?? "another",
  );
  wants(shown, [nameFor(head.start)], "the credential");
  wants(certificate, "client.gen-cert.test", "the certificate");
  if (text.includes("dummy")) faults.push("a credential of the client's came along");
  const framings = [...valuesOf(head, "content-length"), ...valuesOf(head, "transfer-encoding")];
  if (framings.length > 1) faults.push(`it is framed by ${framings.join(" and ")}`);
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \/[\x21-\x7e]* HTTP\/1\.1$/.test(head.start))
    faults.push(`the request line is ${JSON.stringify(head.start)}`);
  for (const [name, value] of head.headers)
    // eslint-disable-next-line no-control-regex -- these are what is looked for
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\0\r\n]/.test(value))
      faults.push(`a header is ${JSON.stringify([name, value])}`);
  return faults;
}

async function answerWithLine(exchange: Exchange): Promise<void> {
  await exchange.body;
  const line = `${exchange.method} ${exchange.target}`;
  const headers = [`X-Line: ${line}`, `Content-Length: ${line.length}`];
  if (exchange.target.startsWith("/openai/v1/redirect"))
    await exchange.write(
      answerOf("307 Temporary Redirect", [...headers, "Location: /openai/v1/elsewhere"], line),
    );
  else await exchange.write(answerOf("200 OK", headers, exchange.method === "HEAD" ? "" : line));
}

/** A gateway in front of a server of the test's own that keeps every byte. */
export async function rawStage(): Promise<Stage> {
  const pki = await makePki();
  const upstream = await startUpstream(demanding(pki));
  upstream.answer = answerWithLine;
  const gateway = await gatewayTo(upstream.origin, pki);
  const { host } = new URL(upstream.origin);
  return {
    gateway,
    seen: () =>
      Promise.all(
        upstream.exchanges.map(async (exchange) => ({
          line: `${exchange.method} ${exchange.target}`,
          body: await exchange.body.then(
            (bytes) => ({ text: bytes.toString("latin1") }),
            () => "broken" as const,
          ),
          faults: faultsOf(exchange, host),
        })),
      ),
    async [Symbol.asyncDispose](): Promise<void> {
      await gateway[Symbol.asyncDispose]();
      await upstream.stop();
    },
  };
}

/** A gateway in front of nginx. */
export async function nginxStage(): Promise<Stage> {
  const pki = await makePki();
  const folder = new Folder();
  const nginx = await startLoggingNginx(folder, pki, tokens);
  const gateway = await gatewayTo(nginx.origin, pki);
  const { host } = new URL(nginx.origin);
  return {
    gateway,
    seen: () =>
      Promise.resolve(
        nginx.logged().map((logged) => {
          const wanted = {
            host,
            authorization: nameFor(logged.line),
            certificate: "CN=client.gen-cert.test",
          };
          const { authorization, certificate } = logged;
          const is = { host: logged.host, authorization, certificate };
          const right = JSON.stringify(is) === JSON.stringify(wanted);
          return {
            line: logged.line,
            body: bodyIn(logged.status, logged.length),
            faults: right ? [] : [JSON.stringify(is)],
          };
        }),
      ),
    async [Symbol.asyncDispose](): Promise<void> {
      await gateway[Symbol.asyncDispose]();
      await nginx[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

function bodyIn(status: string, length: string): Seen["body"] {
  if (status === "200" || status === "307") return { bytes: Number(length) };
  // The client's leaving (499), or bytes that are no chunk (400), before the request was whole.
  return status === "499" || status === "400" ? "broken" : undefined;
}
