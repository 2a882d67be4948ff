import { eventually } from "../support/eventually.ts";
import type { Exchange } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";

/** What a request came with, as numbers of the rotations that brought it; 0 is what the vault began with. */
export interface Identity {
  readonly certificate: number;
  readonly token: number;
}

/** The common name of the certificate that a rotation brings. */
export const commonNameOf = (number: number): string => `client.rotation-${number}.test`;

export function identityOf({ head, certificate = "" }: Exchange): Identity {
  const [authorization = ""] = valuesOf(head, "authorization");
  return {
    certificate: Number(/rotation-(\d+)/.exec(certificate)?.[1] ?? 0),
    token: Number(/^Bearer canary-load-4c1d-(\d+)$/.exec(authorization)?.[1]),
  };
}

/**
 * Whether the vault ever held the two together, when a rotation changes the certificate first. A TLS session that was
 * resumed across identities would show here: the endpoint sees the certificate with which the session began.
 */
export const existed = ({ certificate, token }: Identity): boolean =>
  certificate === token || certificate === token + 1;

/** The endpoint's own record of which credential came when. */
export class Sightings {
  /** For each rotation, the time from its write to the first request with the new credential, in ms. */
  readonly firstMs: number[] = [];
  readonly #seen: { readonly identity: Identity; readonly atMs: number }[] = [];
  readonly #written: { readonly what: keyof Identity; readonly number: number; readonly atMs: number }[] = [];

  /** Notes a request, and answers it with what it came with. */
  async answer(exchange: Exchange): Promise<void> {
    const identity = identityOf(exchange);
    this.#seen.push({ identity, atMs: performance.now() });
    const body = await exchange.body;
    await exchange.json({ target: exchange.target, body: body.toString(), ...identity });
  }

  /** Waits until a credential that has just been written is seen. */
  async rotated(what: keyof Identity, number: number): Promise<void> {
    const atMs = performance.now();
    this.#written.push({ what, number, atMs });
    const first = await eventually(() => {
      const found = this.#seen.find(({ identity }) => identity[what] === number);
      if (found === undefined) throw new Error(`the endpoint has not seen ${what} ${number}`);
      return found;
    });
    this.firstMs.push(first.atMs - atMs);
  }

  /** For each rotation, the time from its write to the last request with an older credential, in ms. */
  get lastOldMs(): readonly number[] {
    return this.#written.map(({ what, number, atMs }) => {
      const last = this.#seen.findLast(({ identity }) => identity[what] < number);
      return Math.max(0, (last?.atMs ?? atMs) - atMs);
    });
  }
}
