import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Attachment } from "../../src/gateway/upstream/attach.ts";
import { requestHeaders, responseHeaders, trailerFields } from "../../src/gateway/upstream/headers.ts";
import { Secret } from "../../src/secret.ts";

type Field = readonly [name: string, value: string];

const words = (text: string): readonly string[] => text.split(" ");

/** Of one connection, or how the message is framed on it (RFC 9110 §7.6.1, RFC 9112 §6). */
const hopByHop = words(
  "connection keep-alive proxy-connection proxy-authenticate te transfer-encoding upgrade",
);
const ofRequests = words("host content-length expect trailer http2-settings");
const tokens = words("authorization proxy-authorization api-key x-api-key x-goog-api-key");
const credentials = [...tokens, "ocp-apim-subscription-key", "cookie"];
/** What an endpoint's items can set; of the last, no client knows that it is a credential. */
const attachable = ["Authorization", "X-Api-Key", "X-Endpoint-Token"];
const alike = (name: string): string => name.toLowerCase().replaceAll("_", "-");
const special = new Set([...hopByHop, ...ofRequests, ...credentials, ...attachable.map(alike)]);
/** How the names of fields begin that `Connection` names here. */
const namedBegin = "hop-";

/** A name in any case. */
const inAnyCase = (name: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) =>
      Array.from(name, (letter, at) => (upper[at] === true ? letter.toUpperCase() : letter)).join(""),
    );

/** A name in any case, and with underscores for some of its dashes. */
const inAnySpelling = (name: string): fc.Arbitrary<string> =>
  fc
    .tuple(inAnyCase(name), fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }))
    .map(([spelled, under]) =>
      Array.from(spelled, (letter, at) => (letter === "-" && under[at] === true ? "_" : letter)).join(""),
    );

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,16}$/);
const value = fc.stringMatching(
  /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]{0,20}[\x21-\x7e\x80-\xff])?)?$/,
);
const canary = "canary-of-the-sender";
/** The value of a field that is not to pass. */
const poisoned = value.map((text) => `${text}${canary}`);

const ordinaryName = fc
  .oneof(
    token,
    fc.constantFrom("X-Twice", "x-twice", "X_Twice", "Accept", "Set-Cookie", "constructor", "__proto__"),
    // Nearly one of the others.
    fc.tuple(fc.constantFrom(...special), fc.constantFrom("2", "-", "_", ".")).map((parts) => parts.join("")),
  )
  .filter((name) => !special.has(alike(name)) && !name.toLowerCase().startsWith(namedBegin))
  .filter((name) => alike(name) !== "sec-websocket-protocol");
const ordinary = fc.tuple(ordinaryName, value);

/** A message's fields in their order, with which of them are to reach the other side. */
interface Message {
  readonly raw: readonly string[];
  readonly kept: readonly Field[];
}

/**
 * A message of ordinary fields, of ones that are not to pass, and of ones that its `Connection` fields name, which stand
 * anywhere between them.
 *
 * @param stopped names of fields that are not to pass
 * @param members what `Connection` may name besides, whether it is there or not
 */
function messageOf(stopped: fc.Arbitrary<string>, members: readonly string[]): fc.Arbitrary<Message> {
  const named = token.chain((name) => inAnyCase(`${namedBegin}${name}`));
  const part = fc.oneof(
    fc.record({ field: ordinary, fate: fc.constant("kept") }),
    fc.record({ field: fc.tuple(stopped, poisoned), fate: fc.constant("stopped") }),
    fc.record({ field: fc.tuple(named, poisoned), fate: fc.constant("named") }),
  );
  const connection = fc.record({
    name: inAnyCase("connection"),
    others: fc.array(fc.constantFrom("", "close", ...members).chain(inAnyCase), { maxLength: 4 }),
    comma: fc.constantFrom(",", ", ", " ,\t"),
    place: fc.nat(24),
  });
  const connections = fc.array(connection, { minLength: 1, maxLength: 3 });
  return fc.tuple(fc.array(part, { maxLength: 24 }), connections).map(([parts, among]) => {
    const having = (which: string): Field[] =>
      parts.flatMap(({ field, fate }) => (fate === which ? [field] : []));
    const fields: Field[] = parts.map(({ field }) => field);
    for (const [at, { name, others, comma, place }] of among.entries()) {
      const share = having("named").filter((_, index) => index % among.length === at);
      fields.splice(place, 0, [name, [...others, ...share.map(([one]) => one.toUpperCase())].join(comma)]);
    }
    return { raw: fields.flat(), kept: having("kept") };
  });
}

const pairsOf = (raw: readonly string[]): Field[] =>
  Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? "", raw[2 * at + 1] ?? ""]);

const attachment = fc.subarray(attachable).map((names): Attachment => ({
  origin: "https://endpoint.test",
  headers: names.map((name) => ({ name, value: new Secret(`the endpoint's ${name}`) })),
  names: new Set(names.map(alike)),
  identity: undefined,
  live: [],
  version: "1",
}));

describe("whatever fields a request has", () => {
  const request = attachment.chain((attached) => {
    const stopped = [...hopByHop.slice(1), ...ofRequests, ...credentials, ...attached.names];
    return fc.record({
      attached: fc.constant(attached),
      message: messageOf(fc.constantFrom(...stopped).chain(inAnySpelling), [...special]),
    });
  });
  const sent = ({
    attached,
    message,
  }: {
    readonly attached: Attachment;
    readonly message: Message;
  }): Field[] => pairsOf(requestHeaders(message.raw, "endpoint.test", attached));

  test("no credential of its client, none that Connection names and none of one connection goes on", () => {
    fc.assert(
      fc.property(request, (it) => {
        const fields = sent(it);
        expect(JSON.stringify(fields)).not.toContain(canary);
        const own = new Set(["host", ...it.attached.names]);
        expect(fields.filter(([name]) => special.has(alike(name)) && !own.has(alike(name)))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("the endpoint's host and what its items set stand there exactly once", () => {
    fc.assert(
      fc.property(request, (it) => {
        const set = it.attached.headers.map(({ name, value: secret }) => [name, secret.expose()]);
        const own = new Set(["host", ...it.attached.names]);
        expect(sent(it).filter(([name]) => own.has(alike(name)))).toEqual([
          ["Host", "endpoint.test"],
          ...set,
        ]);
      }),
      { numRuns: 500 },
    );
  });

  test("all others keep their order, their case and their bytes", () => {
    fc.assert(
      fc.property(request, (it) => {
        const end = -it.attached.headers.length || undefined;
        expect(sent(it).slice(1, end)).toEqual(it.message.kept);
      }),
      { numRuns: 500 },
    );
  });

  test("of the protocols that it offers for a WebSocket all but its keys go on, in their order", () => {
    const offer = fc.oneof(
      token.map((name) => ({ name, key: false })),
      token.map((name) => ({ name: `openai-insecure-api-key.${name}${canary}`, key: true })),
    );
    const none: Attachment = {
      origin: "",
      headers: [],
      names: new Set(),
      identity: undefined,
      live: [],
      version: "",
    };
    fc.assert(
      fc.property(
        inAnySpelling("sec-websocket-protocol"),
        fc.array(offer, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(",", ", ", " ,\t"),
        (name, offers, comma) => {
          const raw = [name, offers.map((one) => one.name).join(comma)];
          const left = offers.filter(({ key }) => !key).map((one) => one.name);
          const [, field] = pairsOf(requestHeaders(raw, "endpoint.test", none));
          expect(field?.[1].split(",").map((one) => one.trim())).toEqual(
            left.length === 0 ? undefined : left,
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("whatever fields an answer has", () => {
  const stopped = hopByHop.slice(1);
  const withTrailer = messageOf(fc.constantFrom(...stopped).chain(inAnyCase), hopByHop);
  const without = messageOf(fc.constantFrom(...stopped, "trailer").chain(inAnyCase), hopByHop);
  /** An answer's own: what would be a credential in a request says nothing of ours here. */
  const own = fc.array(
    fc.tuple(fc.constantFrom("content-length", ...credentials).chain(inAnySpelling), value),
    { maxLength: 4 },
  );

  const given = (status: number, rawHeaders: readonly string[], trailers = false) =>
    pairsOf(responseHeaders({ status, rawHeaders }, trailers));

  test("those of one connection and those that Connection names end here, and all others pass as they came", () => {
    fc.assert(
      fc.property(fc.constantFrom(200, 304, 503), without, own, (status, { raw, kept }, more) => {
        expect(given(status, [...raw, ...more.flat()])).toEqual([...kept, ...more]);
      }),
      { numRuns: 500 },
    );
  });

  test("a length ends here, too, where no body can follow", () => {
    fc.assert(
      fc.property(fc.constantFrom(101, 103, 204), without, own, (status, { raw, kept }, more) => {
        const others = more.filter(([name]) => name.toLowerCase() !== "content-length");
        expect(given(status, [...raw, ...more.flat()])).toEqual([...kept, ...others]);
      }),
      { numRuns: 500 },
    );
  });

  test("its trailers are announced only where they can follow", () => {
    fc.assert(
      fc.property(withTrailer, inAnyCase("trailer"), value, ({ raw, kept }, name, announced) => {
        expect(given(200, [...raw, name, announced], true)).toEqual([...kept, [name, announced]]);
        expect(given(200, [...raw, name, announced])).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });

  test("its trailers pass in the same way, without those that say how a message is framed", () => {
    const framing = fc.constantFrom(...stopped, "trailer", "content-length").chain(inAnyCase);
    fc.assert(
      fc.property(messageOf(framing, hopByHop), ({ raw, kept }) => {
        expect(trailerFields(raw)).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });
});

// Looking each header up in the list of those that Connection names would take minutes for this one.
test("a head that names as many headers as it has costs no more than another", () => {
  const names = Array.from({ length: 400_000 }, (_, i) => `x${i}`);
  const rawHeaders = ["Connection", names.join(","), ...names.flatMap((name) => [name, ""]), "Kept", "1"];
  expect(responseHeaders({ status: 200, rawHeaders }, false)).toEqual(["Kept", "1"]);
});
