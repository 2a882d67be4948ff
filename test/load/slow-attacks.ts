import { constants, setPriority } from "node:os";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { ask, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { textOf } from "../support/gateway.ts";
import { Program } from "../support/process.ts";
import { tell, timesOf, wordsOf } from "./figures.ts";
import { startLargeFile } from "./large-file.ts";
import type { startNginxGateway } from "./nginx-gateway.ts";
import { descriptorsOf, lastingDescriptorsOf } from "./resources.ts";
import { type Serving, Stage } from "./serving.ts";
import { Sightings } from "./sightings.ts";
import { UnaryLoad } from "./unary-load.ts";

/** Debian's slowhttptest, on the loopback only: what it sends a little of, now and then. */
const options = {
  "slow headers": ["-H", "-i", "1"],
  "slow bodies": ["-B", "-i", "1", "-s", "8192", "-f", "application/json"],
  "slow reading": ["-X", "-n", "1", "-w", "8", "-y", "64", "-z", "8"],
} as const;

export type Attack = keyof typeof options;

export const attacks = Object.keys(options) as readonly Attack[];

/** What is asked for: what is not to be answered goes where clients that behave go. */
const paths = {
  "slow headers": "/private/v1/x",
  "slow bodies": "/private/v1/x",
  "slow reading": "/large/v1/large",
} as const satisfies Record<Attack, string>;

const clients = 4;
const warmMs = 500;

/** Starts what the attacks need, and knows how many descriptors the gateway has when nobody is there. */
async function startTarget(limits: Readonly<Record<string, unknown>> = {}) {
  const stage = await Stage.set();
  // A machine that is busy with other things takes its time for hundreds of TLS handshakes.
  const large = await startLargeFile(stage);
  const settings = stage.settings({ limits, timeouts: { connect: "5m" } }, ["private", "large"]);
  const endpoints = Object.entries(settings.endpoints).map(([name, endpoint]) => [
    name,
    name === "large" ? { ...endpoint, url: `${large.origin}/v1` } : endpoint,
  ]);
  const all = { ...settings, endpoints: Object.fromEntries(endpoints) as typeof settings.endpoints };
  const serving = await stage.serve(stage.folder.write("postern.yaml", textOf(all)));
  const sightings = new Sightings();
  stage.upstream.answer = (exchange) => sightings.answer(exchange);
  return { stage, large, serving, before: await lastingDescriptorsOf(serving.pid) };
}

/** How many connections an attack makes, how fast, and for how long. */
export interface Force {
  readonly connections: number;
  readonly perSecond: number;
  readonly seconds: number;
}

/** What is attacked. */
type Attacked = Pick<Serving, "base" | "pid">;

/**
 * Attacks, and does something else as soon as the gateway has `enough` descriptors; returns the most that it had.
 */
async function underAttack(
  attack: Attack,
  { base, pid }: Attacked,
  { connections, perSecond, seconds }: Force,
  enough: number,
  meanwhile: () => Promise<void>,
): Promise<number> {
  const how = {
    "-c": connections,
    "-r": perSecond,
    "-l": seconds,
    "-p": 5,
    "-u": base + paths[attack],
  };
  await using program = new Program("slowhttptest", [
    ...options[attack],
    ...Object.entries(how).flatMap(([name, value]) => [name, String(value)]),
  ]);
  // It polls without a pause and fills a processor, which would be another machine's.
  setPriority(program.pid, constants.priority.PRIORITY_LOW);
  let most = 0;
  const watching = setInterval(() => (most = Math.max(most, descriptorsOf(pid))), 100);
  try {
    const ended = program.ended();
    await Promise.race([eventually(() => expect(most).toBeGreaterThan(enough)), ended]);
    await meanwhile();
    await ended;
  } finally {
    clearInterval(watching);
  }
  return most;
}

/** Expects that nothing is left of what clients and endpoint have opened. */
async function released({
  stage,
  large,
  serving,
  before,
}: Awaited<ReturnType<typeof startTarget>>): Promise<void> {
  await eventually(async () => expect(await serving.metric("postern_requests_in_flight")).toBe(0));
  stage.upstream.hangUp();
  await large[Symbol.asyncDispose]();
  await eventually(() => expect(descriptorsOf(serving.pid)).toBe(before));
}

/**
 * Expects that clients that behave are answered while an attack goes on.
 *
 * @returns what it costs them, in words
 */
async function serveUnderAttack(attack: Attack, attacked: Attacked, force: Force): Promise<string> {
  const { connections, seconds } = force;
  const serve = async (ms: number): Promise<readonly number[]> => {
    const over = new AbortController();
    const load = new UnaryLoad(attacked.base, clients, over.signal);
    await setTimeout(ms);
    over.abort();
    expect(await load.over).toBeGreaterThan(0);
    expect(load.failures).toEqual([]);
    return load.latenciesMs;
  };
  // An attack that is answered with an error would hold nothing up.
  expect((await ask(attacked.base, { target: paths["slow reading"] })).status).toBe(200);
  // Code must be hot before its times mean anything.
  await serve(warmMs);
  const measureMs = seconds * 800;
  const quiet = timesOf(await serve(measureMs));
  let beside = quiet;
  const most = await underAttack(attack, attacked, force, connections * 0.9, async () => {
    beside = timesOf(await serve(measureMs));
  });
  expect(most).toBeGreaterThan(connections * 0.9);
  return `quiet ${wordsOf(quiet)}; under attack ${wordsOf(beside)}; p99 × ${(beside.p99 / quiet.p99).toFixed(2)}`;
}

/**
 * Expects that clients that behave are answered while an attack goes on, and that nothing is left behind it; tells what
 * it costs them, and what it costs the clients of `besides`.
 *
 * @param besides starts another gateway to the same endpoints
 */
export async function servesUnderAttack(
  attack: Attack,
  force: Force,
  besides?: typeof startNginxGateway,
): Promise<void> {
  const target = await startTarget();
  await using stage = target.stage;
  await using large = target.large;
  await using serving = target.serving;
  expect(stage.upstream.open).toBe(0);
  const figure = `${attack}, ${force.connections} connections: ${await serveUnderAttack(attack, serving, force)}`;
  if (besides === undefined) tell(figure);
  else {
    await using other = await besides(stage, {
      "/private/": stage.upstream.origin,
      "/large/": large.origin,
    });
    tell(`${figure}\n${other.name}: ${await serveUnderAttack(attack, other, force)}`);
  }
  await released(target);
}

/** What one request over a connection of its own gets: 200, the code of an error, or nothing. */
async function askedOnce(base: string): Promise<string> {
  try {
    const answer = await ask(base, { target: "/private/v1/x" });
    return answer.status === 200 ? "200" : errorIn(answer).code;
  } catch {
    return "cut";
  }
}

/** How many are turned away at a time with an answer (`limits.turnedAway` of the gateway), and the endpoint's own. */
const besides = 256 + 16;

/** Expects that an attack with more connections than are allowed finds a bound, and that others get an answer. */
export async function staysWithinItsBound(attack: Attack, force: Force): Promise<void> {
  const { connections, seconds } = force;
  const allowed = Math.floor(connections / 4);
  const target = await startTarget({ connections: allowed });
  await using stage = target.stage;
  await using _large = target.large;
  await using serving = target.serving;
  expect(stage.upstream.open).toBe(0);
  const answers: string[] = [];
  const most = await underAttack(attack, serving, force, allowed * 0.9, async () => {
    for (const lastMs = performance.now() + seconds * 500; performance.now() < lastMs; await setTimeout(20)) {
      answers.push(await askedOnce(serving.base));
    }
  });
  // Connections to the endpoint are not more than those that were let in.
  expect(most).toBeLessThan(target.before + 2 * allowed + besides);
  // Connections without a whole request give way to new ones, when they have been there for a moment. Those with a
  // request under way do not.
  const expected = attack === "slow headers" ? ["200"] : ["200", "connections_exhausted", "cut"];
  expect(answers.filter((answer) => !expected.includes(answer))).toEqual([]);
  expect(answers.length).toBeGreaterThan(0);
  await released(target);
  expect((await ask(serving.base, { target: "/private/v1/x" })).status).toBe(200);
  tell(
    `${attack}, ${connections} connections where ${allowed} are allowed: at most ${most - target.before} more descriptors`,
  );
}
