import { type Issued, issue, makeAuthority } from "../../src/vault/certificates/x509.ts";

const dayMs = 86_400_000;
const validity = { notBefore: new Date(Date.now() - dayMs), validDays: 30 };

/** A certificate with its key in one text, key first, as the platform's download has it. */
export const pemOf = (issued: Issued): string =>
  `${issued.key.expose().trim()}\n${issued.certificate.trim()}\n`;

/** The certificates of one private endpoint, of its clients, and of strangers. */
export interface Pki {
  /** Signs the endpoint's server certificate. */
  readonly serverCa: Issued;
  /** For 127.0.0.1, ::1 and localhost. */
  readonly server: Issued;
  /** The CA that the endpoint demands of its clients. */
  readonly clientCa: Issued;
  readonly client: Issued;
  /** A client certificate of another CA. */
  readonly foreign: Issued;
  /** A client certificate of the right CA whose time is over. */
  readonly expired: Issued;
}

const client = (authority: Issued, commonName: string, when = validity): Promise<Issued> =>
  issue(authority, { commonName, usage: "platform", ...when });

export const server = (authority: Issued, names: readonly string[], when = validity): Promise<Issued> =>
  issue(authority, { commonName: "endpoint.test", usage: "server", names, ...when });

/** Another client certificate of the same CA, as a rotation brings it. */
export const anotherClient = (pki: Pki, commonName: string): Promise<Issued> =>
  client(pki.clientCa, commonName);

/** A time at which `expired` was valid. */
export const whileValid = new Date(Date.now() - 20 * dayMs);

export async function makePki(): Promise<Pki> {
  const long = { notBefore: new Date(Date.now() - 60 * dayMs), validDays: 365 };
  const [serverCa, clientCa, foreignCa] = await Promise.all(
    ["server", "client", "foreign"].map((name) => makeAuthority({ commonName: `ca.${name}.test`, ...long })),
  );
  if (serverCa === undefined || clientCa === undefined || foreignCa === undefined)
    throw new Error("no authority");
  return {
    serverCa,
    server: await server(serverCa, ["127.0.0.1", "::1", "localhost"]),
    clientCa,
    client: await client(clientCa, "client.gen-cert.test"),
    foreign: await client(foreignCa, "client.foreign.test"),
    expired: await client(clientCa, "client.expired.test", {
      notBefore: new Date(Date.now() - 30 * dayMs),
      validDays: 20,
    }),
  };
}
