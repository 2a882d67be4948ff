import { randomBytes } from "node:crypto";
import { Secret } from "../secret.ts";
import { type Issued, issue, makeAuthority } from "../vault/certificates/x509.ts";
import type { Demand } from "./demand.ts";

/** Everything that a sandbox shows, and everything that it checks. */
export interface Credentials {
  /** The server's certificate, and that of the CA that signed it. */
  readonly server: Issued;
  readonly serverCa: string;
  /** Where a client certificate is demanded: one, and the CA that signed it, which is another than the server's. */
  readonly client?: { readonly authority: Issued; readonly certificate: Issued };
  /** The tokens that are demanded, by the name of the demand. */
  readonly tokens: ReadonlyMap<Demand, Secret>;
}

const hourMs = 60 * 60 * 1000;

/** Makes fresh credentials for one sandbox, valid for 90 days: no expiry warning stands in the way. */
export async function makeCredentials(require: readonly Demand[], now: Date): Promise<Credentials> {
  // An hour ago, so that a clock that is a little behind takes them too.
  const validity = { notBefore: new Date(now.getTime() - hourMs), validDays: 90 };
  const serverAuthority = await makeAuthority({ commonName: "ca.sandbox.server", ...validity });
  const server = await issue(serverAuthority, {
    commonName: "localhost",
    usage: "server",
    names: ["localhost", "127.0.0.1", "::1"],
    ...validity,
  });
  const tokens = new Map(
    require
      .filter((demand) => demand !== "certificate")
      .map((demand) => [demand, new Secret(`sandbox-${randomBytes(24).toString("base64url")}`)]),
  );
  const credentials = { server, serverCa: serverAuthority.certificate, tokens };
  if (!require.includes("certificate")) return credentials;
  const authority = await makeAuthority({ commonName: "ca.sandbox.user", ...validity });
  const certificate = await issue(authority, {
    commonName: "client.sandbox.user",
    usage: "platform",
    ...validity,
  });
  return { ...credentials, client: { authority, certificate } };
}
