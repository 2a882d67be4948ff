import { credential } from "./entry.ts";

/** The credential that an endpoint needs. */
export const credentialErrors = {
  credential_missing: credential((d: { endpoint: string; item: string }) => [
    `the endpoint "${d.endpoint}" needs the vault item "${d.item}", and the vault has none of that name`,
    `add it: postern vault add KIND ${d.item}`,
  ]),
  credential_mismatch: {
    ...credential((d: { endpoint: string; item: string; reason: string; fix: string }) => [
      `the endpoint "${d.endpoint}" cannot use the vault item "${d.item}": ${d.reason}`,
      d.fix,
    ]),
    exit: 2,
  },
  certificate_waiting: credential((d: { item: string }) => [
    `the certificate "${d.item}" is not signed yet: it waits for the answer to its request`,
    `have the CA sign it (postern vault request ${d.item} prints it again), then: postern vault add certificate ${d.item} --pem FILE`,
  ]),
  credential_expired: credential((d: { endpoint: string; item: string; expired: string }) => [
    `the certificate "${d.item}" of the endpoint "${d.endpoint}" expired at ${d.expired}`,
    `put a new one in its place: postern vault remove ${d.item}, then postern vault add certificate ${d.item} --pem FILE`,
  ]),
  credential_expiring: credential(
    (d: { endpoint: string; item: string; within: string; expires: string }) => [
      `the certificate "${d.item}" of the endpoint "${d.endpoint}" expires within ${d.within}, at ${d.expires}`,
      `put a new one in its place: postern vault remove ${d.item}, then postern vault add certificate ${d.item} --pem FILE`,
    ],
  ),
  credential_unusable: credential((d: { endpoint: string; item: string; reason: string }) => [
    `the vault item "${d.item}" of the endpoint "${d.endpoint}" cannot be used: ${d.reason}`,
    `replace it: postern vault remove ${d.item}, then postern vault add`,
  ]),
  credential_unavailable: {
    ...credential((d: { item: string; reason: string }) => [
      `the vault item "${d.item}" has no token that may be used now: ${d.reason}`,
      `look at its source: postern vault show ${d.item}; a gateway that runs asks it again by itself`,
    ]),
    retry: true,
  },
  vault_locked: credential((d: { identity: string }) => [
    `the vault is locked: its identity ${d.identity} is not there`,
    "put the identity file back, name another with identity: in postern.yaml, or start anew elsewhere: postern init --dir DIR",
  ]),
  passphrase_missing: credential((d: { identity: string; reason: string }) => [
    `the vault is locked: the passphrase of its identity ${d.identity} is not given; ${d.reason}`,
    "unlock it on a terminal with postern vault unlock, or say with passphrase: in postern.yaml where it comes from",
  ]),
} as const;
