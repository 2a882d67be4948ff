import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "../../src/errors/catalogue.ts";
import { ask, connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { Cut, framingOf, type Head } from "../support/wire.ts";
import { nginxStage, rawStage, type Seen, type Stage } from "./stage.ts";
import { request, type Vector, type Vectors, type Verdict } from "./vector.ts";

/** Registers a test for each vector against each endpoint. */
export function strikeAll(groups: Readonly<Record<string, Vectors>>): void {
  for (const [endpoint, start] of Object.entries({ "a recording server": rawStage, nginx: nginxStage }))
    describe(`in front of ${endpoint}`, () => {
      let stage: Stage;
      beforeAll(async () => {
        stage = await start();
      });
      afterAll(() => stage[Symbol.asyncDispose]());
      for (const [group, vectors] of Object.entries(groups))
        describe(group, () => {
          for (const [name, vector] of Object.entries(vectors))
            test(`${name}: ${summaryOf(vector)}`, () => strike(stage, vector));
        });
    });
}

const summaryOf = ({ comes }: Vector): string =>
  comes.length === 0
    ? "closed without an answer"
    : comes.map((verdict) => ("code" in verdict ? (verdict.code ?? "refused") : verdict.kind)).join(", ");

const markerLine = "GET /openai/v1/marker";
const markerAs = (name: string, ...headers: readonly string[]): string =>
  request(`GET /private/v1/marker-${name}`, headers);

/** Sends a vector, and judges the answers, what reached the endpoint, and what requests after it are answered. */
async function strike(stage: Stage, vector: Vector): Promise<void> {
  const { gateway } = stage;
  const before = { seen: (await stage.seen()).length, sent: sentBy(stage) };
  const behind: Verdict = { kind: "passes", line: `${markerLine}-behind`, body: "" };
  const answers = await answersTo(stage, vector);
  // As many at once as there may be idle connections to the endpoint: each is tried, and each gets its own answer.
  const names = ["one", "two", "three", "four"];
  const markers = await Promise.all(names.map((name) => ask(gateway.base, markerAs(name))));
  // What the vector may have set going has come to its end: both sides tell of the same number of requests.
  const seen = await eventually(async () => {
    expect(await gateway.metric("postern_requests_in_flight")).toBe(0);
    const seen = (await stage.seen()).slice(before.seen);
    expect(seen.length, JSON.stringify(seen)).toBe(sentBy(stage) - before.sent);
    return seen;
  }, 5_000);

  // A request that is not answered must not have been sent on, so the answers say what may have arrived.
  const served = isServed(vector) ?? answers.at(-1) === behind.line;
  const verdicts: readonly Verdict[] = served ? [...vector.comes, behind] : vector.comes;
  expect(answers).toEqual(verdicts.map(answerFor));
  expect(markers.map(({ text }) => text)).toEqual(names.map((name) => `${markerLine}-${name}`));
  expect(seen.flatMap(({ faults }) => faults)).toEqual([]);
  const arrivals = seen.filter(({ line }) => !names.some((name) => line === `${markerLine}-${name}`));
  expectArrivals(arrivals, verdicts);
}

/** Whether the marker behind the vector must be answered, must not be, or may be. */
function isServed({ comes, closes, stops }: Vector): boolean | undefined {
  if (closes === true || stops === true) return false;
  if (comes.some(({ kind }) => kind === "refused" || kind === "broken")) return false;
  return comes.some(({ kind }) => kind === "declined") ? undefined : true;
}

/** How many requests the gateway says it has sent to an endpoint. */
const sentBy = ({ gateway }: Stage): number =>
  gateway.requests().filter(({ connectMs }) => connectMs !== undefined).length;

/** Sends the vector, and reads every answer until the gateway ends the connection. */
async function answersTo(stage: Stage, vector: Vector): Promise<string[]> {
  const client = await connect(stage.gateway.base);
  const bytes = vector.stops === true ? vector.sends : vector.sends + markerAs("behind", "Connection: close");
  client.send(Buffer.from(bytes, "latin1"));
  // Ends only a test that fails: of the answers that are to come, one does not.
  client.socket.setTimeout(10_000, () => client.leave());
  if (vector.stops === true) client.socket.end();
  const answers: string[] = [];
  try {
    for (let head = await nextHead(client.wire); head !== undefined; head = await nextHead(client.wire)) {
      const verdict = vector.comes[answers.length];
      const toHead = verdict?.kind === "passes" && verdict.line.startsWith("HEAD ");
      const body = await textOf(client.wire.body(toHead ? { bytes: 0 } : framingOf(head, "until close")));
      answers.push(said(head, body));
    }
  } finally {
    client.leave();
  }
  return answers;
}

async function nextHead(wire: { head(): Promise<Head | undefined> }): Promise<Head | undefined> {
  const head = await wire.head();
  return head !== undefined && /^HTTP\/1\.\d 1/.test(head.start) ? nextHead(wire) : head;
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of body) pieces.push(piece);
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    pieces.push(Buffer.from(" (cut off)"));
  }
  return Buffer.concat(pieces).toString("latin1");
}

/** An answer in short: an error of ours by its code, the endpoint's by the request that it says it answers. */
function said({ start, headers }: Head, text: string): string {
  const status = Number(start.split(" ")[1]);
  const header = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1];
  if (header("Content-Type") === "application/json" && text.endsWith("}"))
    return `${status} ${errorIn({ text }).code}`;
  const line = header("X-Line") ?? "an answer of nobody's";
  return status !== 200 || text === "" ? line : text;
}

function answerFor(verdict: Verdict): unknown {
  if (verdict.kind === "passes") return verdict.line;
  const code = verdict.kind === "broken" ? "request_headers_invalid" : verdict.code;
  return code === undefined ? expect.stringMatching(/^4\d\d \w+$/) : `${catalogue[code].status} ${code}`;
}

const isSent = (verdict: Verdict): verdict is Exclude<Verdict, { readonly code: unknown }> =>
  !("code" in verdict);

/** Requests that were pipelined go out side by side, so their order at the endpoint says nothing. */
function expectArrivals(arrivals: readonly Seen[], verdicts: readonly Verdict[]): void {
  const byLine = (a: { line: string }, b: { line: string }): number => (a.line < b.line ? -1 : 1);
  const expected = verdicts.flatMap((verdict) => (isSent(verdict) ? [verdict] : [])).sort(byLine);
  const arrived = [...arrivals].sort(byLine);
  expect(arrived.map(({ line }) => line)).toEqual(expected.map(({ line }) => line));
  for (const [index, { body, line }] of arrived.entries()) {
    const verdict = expected[index];
    if (body === undefined || verdict === undefined) continue;
    if (verdict.kind === "broken") expect(body, line).toBe("broken");
    else
      expect(body, line).toEqual(
        typeof body === "object" && "bytes" in body ? { bytes: verdict.body.length } : { text: verdict.body },
      );
  }
}
