import type { Contender } from "./contender.ts";

/** The load goes to the upstream itself, and presents the credentials. */
export const direct: Contender = {
  name: "direct",
  note: "no gateway: the load speaks TLS itself, so that its own cost is higher than with the others",
  prepare: async ({ upstream, bearer, ca, client }) => ({
    target: {
      port: upstream.demanding,
      headers: { authorization: `Bearer ${bearer}` },
      tls: { ca, cert: client.certificate, key: client.key.expose() },
    },
  }),
};
