import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, ask, connect, errorIn } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { bearer, certificate, type EndpointSettings, startGateway } from "../support/gateway.ts";
import { freePort, startOpenssl } from "../support/openssl-server.ts";
import { makePki, type Pki, server as serverCertificate } from "../support/pki.ts";
import { accepted, demanding } from "../support/private-endpoint.ts";
import { type Answering, startUpstream } from "../support/upstream.ts";

const dayMs = 86_400_000;
const folder = new Folder();
let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => folder[Symbol.dispose]());

/** One request through a gateway to this endpoint, twice: the second finds the pool as the first left it. */
async function through(
  endpoint: Readonly<Record<string, unknown>> & { readonly url: string },
): Promise<Answer> {
  const settings = { credentials: ["gen-cert"], ca: "ca.pem", ...endpoint } as EndpointSettings;
  await using gateway = await startGateway(
    { endpoints: { private: settings } },
    {
      "gen-cert": certificate(pki.client),
      "foreign-cert": certificate(pki.foreign),
      token: bearer("canary-bearer-errors-9a4f"),
    },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );
  const first = await gateway.ask({ target: "/v1/x" });
  const second = await gateway.ask({ method: "POST", target: "/v1/x", body: "{}" });
  expect([second.status, errorIn(second).code]).toEqual([first.status, errorIn(first).code]);
  expect(first.text + gateway.log.text).not.toContain("canary");
  return first;
}

function expectError(answer: Answer, status: number, code: RegExp, retry?: boolean): void {
  const error = errorIn(answer);
  expect(error.code).toMatch(code);
  expect([answer.status, error.type, error.param]).toEqual([status, "api_error", null]);
  expect(error.message).toContain("private");
  const header = (name: string) => answer.headers.find(([key]) => key.toLowerCase() === name)?.[1];
  expect(header("content-type")).toMatch(/^application\/json/);
  expect(header("x-request-id")).toMatch(/^[\w-]{8,}$/);
  if (retry !== undefined) expect(header("x-should-retry")).toBe(retry ? undefined : "false");
}

describe("an endpoint that cannot be reached", () => {
  test("nobody listens", async () => {
    expectError(
      await through({ url: `https://127.0.0.1:${await freePort()}/v1` }),
      502,
      /^upstream_refused$/,
      true,
    );
  });

  test("its name is unknown", async () => {
    const answer = await through({ url: "https://nowhere.invalid/v1" });
    expectError(answer, 502, /^upstream_name_unknown$/, true);
    expect(errorIn(answer).message).toContain("nowhere.invalid");
  });

  test("it accepts TCP and never speaks TLS", async () => {
    await using silent = await startTcp(() => {});
    const answer = await through({ url: `https://127.0.0.1:${silent.port}`, timeouts: { connect: "300ms" } });
    expectError(answer, 504, /^upstream_connect_timeout$/, true);
    expect(errorIn(answer).message).toContain("300ms");
  });

  test("it speaks plain HTTP where TLS is expected", async () => {
    await using plain = await startTcp(
      (socket) => void socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
    );
    expectError(
      await through({ url: `https://127.0.0.1:${plain.port}` }),
      502,
      /^upstream_tls_failed$/,
      false,
    );
  });

  test("it closes in the middle of the handshake", async () => {
    await using closing = await startTcp((socket) => void socket.on("data", () => socket.end()));
    expectError(
      await through({ url: `https://127.0.0.1:${closing.port}` }),
      502,
      /^upstream_(tls_failed|closed|refused)$/,
    );
  });
});

describe("a server certificate that cannot be trusted", () => {
  const cases: Record<
    string,
    () => Promise<{ tls: TlsOptions; endpoint?: Readonly<Record<string, unknown>> }>
  > = {
    "of an unknown CA": async () => ({ tls: demanding(pki), endpoint: { ca: undefined } }),
    "of another name": async () => {
      const other = await serverCertificate(pki.serverCa, ["other.test"]);
      return { tls: demanding(pki, { cert: other.certificate, key: other.key.expose() }) };
    },
    expired: async () => {
      const when = { notBefore: new Date(Date.now() - 20 * dayMs), validDays: 10 };
      const old = await serverCertificate(pki.serverCa, ["127.0.0.1"], when);
      return { tls: demanding(pki, { cert: old.certificate, key: old.key.expose() }) };
    },
  };
  for (const [name, make] of Object.entries(cases))
    for (const version of ["TLSv1.2", "TLSv1.3"] as const)
      test(`${name}, ${version}`, async () => {
        const { tls, endpoint } = await make();
        const upstream = await startUpstream({ ...tls, minVersion: version, maxVersion: version });
        expectError(await through({ url: upstream.origin, ...endpoint }), 502, /^upstream_untrusted$/, false);
        // Not even the head of the request may have gone to a stranger.
        expect(upstream.exchanges).toEqual([]);
        await upstream.stop();
      });

  test("verification holds when the environment says otherwise", async () => {
    const upstream = await startUpstream(demanding(pki));
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expectError(await through({ url: upstream.origin, ca: undefined }), 502, /^upstream_untrusted$/, false);
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
      await upstream.stop();
    }
    expect(upstream.exchanges).toEqual([]);
  });
});

describe("a client certificate that the endpoint does not accept", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`none at OpenSSL's server, ${version}`, async () => {
      await using openssl = await startOpenssl(pki, folder, { version });
      expectError(
        await through({ url: openssl.origin, credentials: ["token"] }),
        502,
        /^client_certificate_required$/,
        false,
      );
    });

    test(`none at Node's server, ${version}`, async () => {
      const upstream = await startUpstream(demanding(pki, { minVersion: version, maxVersion: version }));
      const answer = await through({ url: upstream.origin, credentials: ["token"] });
      expectError(answer, 502, /^client_certificate_required$/, false);
      expect(errorIn(answer).message).toContain("postern vault add certificate");
      await upstream.stop();
    });

    test(`one of another CA at OpenSSL's server, ${version}`, async () => {
      await using openssl = await startOpenssl(pki, folder, { version });
      const answer = await through({ url: openssl.origin, credentials: ["foreign-cert"] });
      expectError(answer, 502, /^client_certificate_rejected$/, false);
      expect(errorIn(answer).message).toContain("foreign-cert");
    });

    test(`one of another CA at Node's server, ${version}`, async () => {
      const upstream = await startUpstream(demanding(pki, { minVersion: version, maxVersion: version }));
      // Node's server closes the connection without a TLS alert, which can mean other things too.
      const answer = await through({ url: upstream.origin, credentials: ["foreign-cert"] });
      expect(errorIn(answer).code).toMatch(/^(client_certificate_rejected|upstream_closed)$/);
      expect(errorIn(answer).message).toMatch(/certificate/);
      expect(upstream.exchanges).toEqual([]);
      await upstream.stop();
    });

    test(`one that the endpoint's clock calls expired, ${version}`, async () => {
      const at = new Date(Date.now() + 100 * dayMs);
      await using openssl = await startOpenssl(pki, folder, { version, at });
      const answer = await through({ url: openssl.origin });
      expectError(answer, 502, /^client_certificate_expired$/, false);
      expect(errorIn(answer).message).toContain("gen-cert");
    });

    test(`the right one passes both servers, ${version}`, async () => {
      await using openssl = await startOpenssl(pki, folder, { version });
      await using gateway = await startGateway(
        { endpoints: { private: { url: openssl.origin, credentials: ["gen-cert"], ca: "ca.pem" } } },
        { "gen-cert": certificate(pki.client) },
        (folder) => folder.write("ca.pem", pki.serverCa.certificate),
      );
      const answer = await ask(gateway.base, { target: "/private/raw/" });
      expect([answer.status, answer.text.includes(version)]).toEqual([200, true]);
    });
  }
});

describe("an answer that is none", () => {
  const cases: Record<
    string,
    { answer: Answering; status: number; code: RegExp; retry: boolean; endpoint?: object }
  > = {
    garbage: {
      answer: (exchange) => exchange.write("SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n"),
      status: 502,
      code: /^upstream_malformed$/,
      retry: false,
    },
    "closed before any byte": {
      answer: async ({ body, socket }) => void (await body, socket.end()),
      status: 502,
      code: /^upstream_closed$/,
      retry: true,
    },
    "reset before any byte": {
      answer: async (exchange) => {
        await exchange.body;
        exchange.reset();
      },
      status: 502,
      code: /^upstream_closed$/,
      retry: true,
    },
    "closed inside the head": {
      answer: async ({ body, socket }) => void (await body, socket.end("HTTP/1.1 200 OK\r\nContent-")),
      status: 502,
      code: /^upstream_(closed|malformed)$/,
      retry: true,
    },
    "a head without an end": {
      answer: (exchange) => exchange.write(`HTTP/1.1 200 OK\r\n${"X-A: b\r\n".repeat(100_000)}`),
      status: 502,
      code: /^upstream_malformed$/,
      retry: false,
    },
    "HTTP/2": {
      answer: (exchange) => exchange.write("HTTP/2.0 200 OK\r\n\r\n"),
      status: 502,
      code: /^upstream_malformed$/,
      retry: false,
    },
    silence: {
      answer: () => {},
      status: 504,
      code: /^upstream_first_byte_timeout$/,
      retry: false,
      endpoint: { timeouts: { "first-byte": "300ms" } },
    },
  };
  for (const [name, { answer, status, code, retry, endpoint }] of Object.entries(cases))
    test(name, async () => {
      const upstream = await startUpstream(demanding(pki));
      upstream.answer = answer;
      expectError(await through({ url: upstream.origin, ...endpoint }), status, code, retry);
      await upstream.stop();
    });
});

test("an answer that falls silent is cut off, and the log says why", async () => {
  const upstream = await startUpstream(demanding(pki));
  upstream.answer = (exchange) =>
    exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  await using gateway = await startGateway(
    {
      endpoints: {
        private: {
          url: upstream.origin,
          credentials: ["gen-cert"],
          ca: "ca.pem",
          timeouts: { idle: "300ms" },
        },
      },
    },
    { "gen-cert": certificate(pki.client) },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );
  const answer = await gateway.ask({ target: "/v1/x" });
  expect([answer.status, answer.text, answer.cut]).toEqual([200, "ab", true]);
  await upstream.exchanges[0]?.closed;
  expect(JSON.stringify((await gateway.ended(1))[0])).toContain("upstream_idle_timeout");
  await upstream.stop();
});

test("an idle timeout does not end a stream that goes on, however long it takes", async () => {
  const upstream = await startUpstream(demanding(pki));
  upstream.answer = async (exchange) => {
    await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let i = 0; i < 12; i += 1) {
      await exchange.write("1\r\nx\r\n");
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await exchange.write("0\r\n\r\n");
  };
  await using gateway = await startGateway(
    {
      endpoints: {
        private: {
          url: upstream.origin,
          credentials: ["gen-cert"],
          ca: "ca.pem",
          timeouts: { idle: "2s", "first-byte": "2s" },
        },
      },
    },
    { "gen-cert": certificate(pki.client) },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );
  expect(await gateway.ask({ target: "/v1/x" })).toMatchObject({ text: "x".repeat(12), cut: false });
  await upstream.stop();
});

describe("x-request-id of an error", () => {
  test("is the client's own where it is sane, and a fresh one otherwise", async () => {
    await using gateway = await startGateway({ endpoints: {} }, {});
    const idOf = async (headers: readonly string[]) =>
      (await gateway.ask({ target: "/v1/x", headers })).headers.find(
        ([name]) => name.toLowerCase() === "x-request-id",
      )?.[1];
    expect(await idOf(["x-request-id: my-request.1"])).toBe("my-request.1");
    expect(await idOf([`x-request-id: ${"x".repeat(5000)}`])).not.toContain("xxxxx");
    expect(await idOf(['x-request-id: a<b>"c d'])).not.toContain("<");
    expect(await idOf([])).not.toBe(await idOf([]));
  });
});

test("an upstream's own errors are not touched", async () => {
  const upstream = await startUpstream(demanding(pki));
  upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 23\r\n\r\n{"error":"Invalid key"}');
  };
  await using gateway = await startGateway(
    { endpoints: { private: { url: upstream.origin, credentials: ["gen-cert"], ca: "ca.pem" } } },
    { "gen-cert": certificate(pki.client) },
    (folder) => folder.write("ca.pem", pki.serverCa.certificate),
  );
  const direct = await ask(upstream.origin, { target: "/x" }, accepted(pki));
  const answer = await gateway.ask({ target: "/v1/x" });
  expect([answer.status, answer.text]).toEqual([401, direct.text]);
  expect(answer.headers.map(([name]) => name.toLowerCase())).not.toContain("x-should-retry");
  await upstream.stop();
});

describe("a kept connection that the endpoint closed meanwhile", () => {
  test("does not fail the next request, which is sent again where nothing was answered", async () => {
    const upstream = await startUpstream(demanding(pki));
    await using gateway = await startGateway(
      { endpoints: { private: { url: upstream.origin, credentials: ["gen-cert"], ca: "ca.pem" } } },
      { "gen-cert": certificate(pki.client) },
      (folder) => folder.write("ca.pem", pki.serverCa.certificate),
    );
    const client = await connect(gateway.base);
    for (let i = 0; i < 20; i += 1) {
      client.send({ target: "/v1/x" });
      expect((await client.answer()).status).toBe(200);
      // At once: the gateway may or may not have seen it when the next request comes.
      upstream.hangUp();
    }
    client.leave();
    await upstream.stop();
  });

  test("a request is never sent again once its answer has begun", async () => {
    const upstream = await startUpstream(demanding(pki));
    await using gateway = await startGateway(
      { endpoints: { private: { url: upstream.origin, credentials: ["gen-cert"], ca: "ca.pem" } } },
      { "gen-cert": certificate(pki.client) },
      (folder) => folder.write("ca.pem", pki.serverCa.certificate),
    );
    await gateway.ask({ target: "/v1/x" });
    upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
      exchange.reset();
    };
    const before = upstream.exchanges.length;
    const answer = await gateway.ask({ target: "/v1/x" }).catch(() => undefined);
    expect(answer?.cut ?? true).toBe(true);
    expect(upstream.exchanges.length).toBe(before + 1);
    await upstream.stop();
  });
});

/** A TCP server that does with each connection what the test says. */
async function startTcp(
  serve: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
