import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorIn } from "../support/client.ts";
import {
  bearer,
  certificate,
  type EndpointSettings,
  type Gateway,
  type ItemInput,
  serverless,
  startGateway,
} from "../support/gateway.ts";
import { makePki, type Pki, whileValid } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";

const token = "canary-bearer-combination-20d7";
const key = "canary-serverless-combination-8c31";
const hub = "hf_canaryCombination7e02";
let pki: Pki;
let strict: Upstream;
let open: Upstream;
beforeAll(async () => {
  pki = await makePki();
  strict = await startUpstream(demanding(pki));
  open = await startUpstream(demanding(pki, { requestCert: false, rejectUnauthorized: false }));
  // Each shows what it was given.
  for (const upstream of [strict, open])
    upstream.answer = async (exchange) => {
      await exchange.body;
      const authorization = valuesOf(exchange.head, "authorization");
      await exchange.json({ certificate: exchange.certificate ?? null, authorization });
    };
});
afterAll(async () => {
  await strict.stop();
  await open.stop();
});

const all = (): Record<string, ItemInput> => ({
  "gen-cert": certificate(pki.client),
  "other-cert": certificate(pki.foreign),
  "old-cert": certificate(pki.expired, whileValid),
  token: bearer(token),
  key: serverless(key),
  hub: { kind: "hugging-face-token", value: hub },
  registry: {
    kind: "registry-credentials",
    value: "canary-registry-31",
    facts: { registry: "registry.test", username: "u" },
  },
  variable: { kind: "environment-variable", value: "canary-variable-77", facts: { variable: "V" } },
});

const start = (upstream: Upstream, endpoint: Omit<EndpointSettings, "url">): Promise<Gateway> =>
  startGateway(
    {
      endpoints: {
        it: { url: `${upstream.origin}/v1`, ca: "ca.pem", ...endpoint } as unknown as EndpointSettings,
      },
    },
    all(),
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );

describe("each credential, and those that go together, arrive as the endpoint wants them", () => {
  const cases: Record<
    string,
    readonly [EndpointSettings["credentials"], string | undefined, boolean, string | null, string[]]
  > = {
    "certificate only": [["gen-cert"], undefined, true, "client.gen-cert.test", []],
    "bearer token only": [["token"], undefined, false, null, [`Bearer ${token}`]],
    "serverless API key": [["key"], "serverless", false, null, [`Bearer ${key}`]],
    "Hugging Face token": [["hub"], "hugging-face", false, null, [`Bearer ${hub}`]],
    "bearer token and certificate": [
      ["token", "gen-cert"],
      "dedicated",
      true,
      "client.gen-cert.test",
      [`Bearer ${token}`],
    ],
    "certificate and bearer token": [
      ["gen-cert", "token"],
      undefined,
      true,
      "client.gen-cert.test",
      [`Bearer ${token}`],
    ],
  };
  for (const [name, [credentials, type, demands, commonName, authorization]] of Object.entries(cases))
    test(name, async () => {
      await using gateway = await start(demands ? strict : open, {
        credentials,
        ...(type !== undefined && { type }),
      });
      const answer = await gateway.ask({ target: "/v1/x", headers: ["Authorization: Bearer no_key"] });
      expect(JSON.parse(answer.text)).toEqual({ certificate: commonName, authorization });
    });
});

describe("a wrong combination is refused with the reason, and nothing is sent", () => {
  const cases: Record<string, readonly [credentials: string[], type: string, says: RegExp]> = {
    "a bearer token on a serverless endpoint": [["token"], "serverless", /serverless API key/i],
    "a certificate on a serverless endpoint": [["gen-cert"], "serverless", /serverless/i],
    "a serverless API key on a dedicated endpoint": [["key"], "dedicated", /dedicated/i],
    "a Hugging Face token on a dedicated endpoint": [["hub"], "dedicated", /Hugging Face/i],
    "a bearer token on a Hugging Face endpoint": [["token"], "hugging-face", /Hugging Face/i],
    "registry credentials": [["registry"], "dedicated", /registry/i],
    "an environment variable": [["variable"], "dedicated", /environment/i],
    "two certificates": [["gen-cert", "other-cert"], "dedicated", /certificate/i],
    "an item that is not in the vault": [["nosuch"], "dedicated", /nosuch/],
    "an expired certificate": [["old-cert"], "dedicated", /expired/i],
  };
  for (const [name, [credentials, type, says]] of Object.entries(cases))
    test(name, async () => {
      const before = open.exchanges.length + strict.exchanges.length;
      // It may refuse to start, or start and refuse each request: both are the promise. It may not send.
      const gateway = await start(open, { credentials, type }).catch(
        (error: unknown) => error as Error & { hint?: string },
      );
      if (gateway instanceof Error) {
        expect(`${gateway.message} ${gateway.hint ?? ""}`).toMatch(says);
      } else {
        await using running = gateway;
        const answer = await running.ask({ target: "/v1/x" });
        expect(answer.status).toBe(503);
        const error = errorIn(answer);
        expect(error.code).toMatch(/^credential_/);
        expect(error.message).toMatch(says);
        expect(answer.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`)).toContain(
          "x-should-retry: false",
        );
      }
      expect(open.exchanges.length + strict.exchanges.length).toBe(before);
    });
});
