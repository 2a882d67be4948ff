import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { Streams } from "../gateway/streams.ts";
import { eventually } from "../support/eventually.ts";
import type { Folder } from "../support/folder.ts";
import { bearer, certificate, rotate, textOf } from "../support/gateway.ts";
import { Mount } from "../support/mount.ts";
import { anotherClient } from "../support/pki.ts";
import type { Exchange } from "../support/upstream.ts";
import { tell, timesOf } from "./figures.ts";
import { type Serving, Stage, tokenOf } from "./serving.ts";
import { commonNameOf, existed, identityOf, Sightings } from "./sightings.ts";
import { UnaryLoad } from "./unary-load.ts";

/** How much is rotated, and under what. */
export interface Plan {
  readonly streams: number;
  /** Clients that send one request after the other. */
  readonly clients: number;
  readonly workers: number;
  /** Of the certificate, and of the token. */
  readonly rotations: number;
  /** Changes of the configuration; the second of them is broken. */
  readonly changes: number;
  /** Whether vault and configuration lie in folders that are swapped as Kubernetes does it, or are written in place. */
  readonly mounted: boolean;
}

/** How changes reach the files that the gateway reads. */
interface Files {
  readonly config: string;
  readonly vault: string;
  configure(text: string): void;
  /** Hands over what the vault has written. */
  publishVault(): void;
}

const betweenEventsMs = 50;
/** Streams that begin under each new identity, to live through those that follow. */
const laterStreams = 5;
/** The change of the configuration that is refused, because it names an endpoint as no endpoint may be named. */
const brokenChange = 2;

/**
 * Rotates while streams are open and requests come one after the other. Expects that no event is lost or altered, no
 * request fails, the endpoint comes to see each new certificate and token and never an older one again on the same
 * client connection, and that a broken configuration changes nothing.
 */
export async function rotatesUnderLoad(plan: Plan): Promise<void> {
  await using stage = await Stage.set();
  const { upstream, vault, pki } = stage;
  const files = (plan.mounted ? mounted : inPlace)(stage.folder, vault.file);
  const text = (names: readonly string[]) =>
    textOf(stage.settings({ workers: plan.workers, vault: `file:${files.vault}` }, names));
  files.configure(text(["private"]));
  await using serving = await stage.serve(files.config);

  const sightings = new Sightings();
  upstream.answer = (exchange) => sightings.answer(exchange);
  const batches = [await Streams.open(serving.base, upstream, plan.streams)];
  const over = new AbortController();
  const sending = sendSteadily(batches, over.signal);
  const load = new UnaryLoad(serving.base, plan.clients, over.signal);

  let changes = 0;
  for (let number = 1; number <= plan.rotations; number += 1) {
    if (number * plan.changes > changes * plan.rotations) {
      changes += 1;
      await change(changes, (names) => files.configure(text(names)), serving);
    }
    const issued = await anotherClient(pki, commonNameOf(number));
    await rotate(vault, "gen-cert", certificate(issued));
    files.publishVault();
    await sightings.rotated("certificate", number);
    await rotate(vault, "team-token", bearer(tokenOf(number)));
    files.publishVault();
    await sightings.rotated("token", number);
    // By then all workers have it: each serves some of the clients.
    await eventually(() => expect(load.latest.filter(({ token }) => token < number)).toEqual([]));
    batches.push(await Streams.open(serving.base, upstream, laterStreams));
  }
  over.abort();
  const [sent, answered] = await Promise.all([sending, load.over]);
  const ends = await Promise.all(batches.map((batch) => batch.finish()));

  expect(ends).toEqual(ends.map(() => ({ wrong: [], cut: [] })));
  expect(load.failures).toEqual([]);
  expect(answered).toBeGreaterThan(plan.rotations * 2);
  expect(sent).toBeGreaterThan(plan.rotations * 2);
  expect(changes).toBe(plan.changes);
  const identities = upstream.exchanges.map(identityOf);
  expect(identities.filter((identity) => !existed(identity))).toEqual([]);
  const later = upstream.exchanges.filter(isStream).slice(plan.streams).map(identityOf);
  expect(later).toEqual(
    later.map((_, index) => {
      const number = 1 + Math.floor(index / laterStreams);
      return { certificate: number, token: number };
    }),
  );
  // Nothing keeps a connection of an identity that was replaced.
  const replaced = upstream.exchanges.filter((exchange) => identityOf(exchange).token < plan.rotations);
  await eventually(() => expect(replaced.every(({ socket }) => socket.destroyed)).toBe(true));
  expect(await serving.stop()).toEqual({ done: plan.streams + later.length + answered });

  const { firstMs, lastOldMs } = sightings;
  tell(
    `${plan.rotations} rotations of certificate and token, ${plan.mounted ? "swapped" : "written"}, under ${plan.streams} ` +
      `streams (${sent} events each) and ${answered} requests, ${plan.workers} worker(s): the first new credential ` +
      `${told(firstMs)} after its write, the last old one ${told(lastOldMs)}`,
  );
}

const isStream = ({ target }: Exchange): boolean => target.includes("/stream/");

/** Sends events on all streams until it is told to stop; returns how many each of the first has got. */
async function sendSteadily(batches: readonly Streams[], signal: AbortSignal): Promise<number> {
  let sent = 0;
  for (; !signal.aborted; sent += 1) {
    await Promise.all(batches.map((batch) => batch.send()));
    await setTimeout(betweenEventsMs);
  }
  return sent;
}

const told = (ms: readonly number[]): string =>
  `p50 ${timesOf(ms).p50.toFixed(0)} ms, at most ${Math.max(...ms).toFixed(0)} ms`;

/** Gives the configuration one more name for the endpoint, or a mistake, and waits until the gateway tells of it. */
async function change(number: number, configure: (names: readonly string[]) => void, serving: Serving) {
  const isBroken = number === brokenChange;
  const name = isBroken ? "v1" : `change-${number}`;
  configure(["private", name]);
  await eventually(async () => {
    const { text } = await serving.admin("/readyz");
    expect(text).toContain(isBroken ? "refused, the last good state stays in force" : `"${name}"`);
  });
  expect(await serving.metric("postern_configuration_last_reload_successful")).toBe(isBroken ? 0 : 1);
}

function inPlace(folder: Folder, vault: string): Files {
  const config = folder.file("postern.yaml");
  return { config, vault, configure: (text) => writeFileSync(config, text), publishVault: () => {} };
}

function mounted(folder: Folder, written: string): Files {
  const vault = new Mount(folder.file("vault"), { "vault.age": readFileSync(written) });
  const config = new Mount(folder.file("config"), { "postern.yaml": "" });
  return {
    config: join(config.path, "postern.yaml"),
    vault: join(vault.path, "vault.age"),
    configure: (text) => config.swap({ "postern.yaml": text }),
    publishVault: () => vault.swap({ "vault.age": readFileSync(written) }),
  };
}
