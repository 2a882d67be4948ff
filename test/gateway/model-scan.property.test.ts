import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/gateway/limits.ts";
import { type FoundModel, ModelScan } from "../../src/gateway/body/model-scan.ts";

function scan(bytes: Buffer, cuts: readonly number[]): ModelScan {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const found = new ModelScan();
  for (const [i, from] of at.slice(0, -1).entries()) found.feed(bytes.subarray(from, at[i + 1]));
  found.end();
  return found;
}

const cuts = fc.array(fc.nat(1 << 20), { maxLength: 30 });
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/**
 * A string as JSON writes it, and what it means. What a document means is told by who writes it: Node's own
 * `JSON.parse` takes a key with an escape for another that it met before (https://github.com/nodejs/node/issues/63785).
 */
interface Written {
  readonly text: string;
  readonly means: string;
}

/** A string in JSON, with some of its characters written as escapes. */
const written = (strings: fc.Arbitrary<string>): fc.Arbitrary<Written> =>
  fc.tuple(strings, fc.infiniteStream(fc.nat(3))).map(([means, choices]) => {
    const pieces = Array.from(means, (character) => {
      const plain = JSON.stringify(character).slice(1, -1);
      if (choices.next().value !== 0) return plain;
      return Array.from(
        { length: character.length },
        (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
      ).join("");
    });
    return { text: `"${pieces.join("")}"`, means };
  });

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("model", '"model":"x"', "\\", '\\"', "{", "}", "[", "]", ",", ":", "\\\\", '"'),
);
const string = written(anyText);
const key = written(fc.oneof(fc.constantFrom("model", "Model", "model ", "messages", ""), anyText));
const textOf = (strings: fc.Arbitrary<Written>): fc.Arbitrary<string> => strings.map(({ text }) => text);
const constant = fc.constantFrom("null", "true", "false", "0", "-1.5e+10", "123456789");

const { object, list } = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    textOf(string),
    constant,
    tie("object"),
    tie("list"),
  ),
  object: fc
    .array(fc.tuple(space, textOf(key), space, space, tie("value"), space), { maxLength: 4 })
    .map((pairs) => `{${pairs.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`).join(",")}}`),
  list: fc
    .array(fc.tuple(space, tie("value"), space), { maxLength: 4 })
    .map((values) => `[${values.map((parts) => parts.join("")).join(",")}]`),
}));

/** What stands under a key at the root: only what is a string can be a model. */
const value: fc.Arbitrary<{ readonly text: string; readonly means?: string }> = fc.oneof(
  string,
  fc.oneof(constant, object, list).map((text) => ({ text })),
);

/** A whole document whose root is an object, as text, and the model that it names, with the bytes where it stands. */
const document = fc
  .tuple(space, fc.array(fc.tuple(space, key, space, space, value, space), { maxLength: 6 }), space)
  .map(([before, pairs, after]) => {
    let text = `${before}{`;
    let model: FoundModel | undefined;
    for (const [i, [a, name, b, c, { text: its, means }, d]] of pairs.entries()) {
      text += `${i === 0 ? "" : ","}${a}${name.text}${b}:${c}`;
      const from = Buffer.byteLength(text);
      text += `${its}${d}`;
      // The last one counts, also where it is no text.
      if (name.means === "model")
        model = means === undefined ? undefined : { model: means, from, to: from + Buffer.byteLength(its) };
    }
    return { text: `${text}}${after}`, model };
  });

describe("the search for the model in a JSON body", () => {
  test("finds it as it is meant, and where it stands, wherever the document is cut", () => {
    fc.assert(
      fc.property(document, cuts, fc.boolean(), ({ text, model }, at, withBom) => {
        const bom = withBom ? "\ufeff" : "";
        const { found, hopeless } = scan(Buffer.from(bom + text), at);
        expect(() => JSON.parse(text) as unknown).not.toThrow();
        expect(hopeless).toBeUndefined();
        const shift = Buffer.byteLength(bom);
        expect(found).toEqual(model && { ...model, from: model.from + shift, to: model.to + shift });
      }),
      { numRuns: 1000 },
    );
  });

  test("tells the same of any bytes, whether they come whole, cut, or one by one", () => {
    const damaged = fc
      .tuple(document, fc.array(fc.tuple(fc.nat(1 << 20), fc.nat(255)), { maxLength: 4 }))
      .map(([{ text }, changes]) => {
        const bytes = Buffer.from(text);
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(damaged, cuts, (bytes, at) => {
        const { found, hopeless } = scan(bytes, []);
        expect(scan(bytes, at)).toMatchObject({ found, hopeless });
        expect(scan(bytes, [...bytes.keys()])).toMatchObject({ found, hopeless });
      }),
      { numRuns: 500 },
    );
  });

  test("a document that ends early has no model, or the one that was read", () => {
    fc.assert(
      fc.property(document, fc.nat(1 << 20), ({ text }, end) => {
        const bytes = Buffer.from(text);
        const { found, hopeless } = scan(bytes.subarray(0, end % bytes.length), []);
        if (found === undefined && text.trim() !== "") expect(hopeless ?? "read to its end").toBeTruthy();
        else
          expect(() => JSON.parse(bytes.toString("utf8", found?.from, found?.to)) as unknown).not.toThrow();
      }),
    );
  });

  test("the last model counts, also where it is no string", () => {
    expect(scan(Buffer.from('{"model":"a","model":"b"}'), []).found?.model).toBe("b");
    expect(scan(Buffer.from('{"model":"a","model":null}'), []).found).toBeUndefined();
    expect(scan(Buffer.from('{"model":["a"],"model":"b"}'), []).found?.model).toBe("b");
  });

  test("a model's name at the limit is found, and one beyond it is not taken for a shorter one", () => {
    const named = (length: number): Buffer => Buffer.from(`{"model":"${"m".repeat(length)}"}`);
    fc.assert(
      fc.property(cuts, (at) => {
        expect(scan(named(limits.modelBytes), at).found?.model.length).toBe(limits.modelBytes);
        expect(scan(named(limits.modelBytes + 1), at)).toMatchObject({ found: undefined });
      }),
    );
  });

  // Looking for the closing quote anew at each escape takes minutes for this body.
  test("a text of nothing but escapes costs no more than another", () => {
    const bytes = Buffer.from(`{"a":"${"\\n".repeat(8 << 20)}","model":"m"}`);
    expect(scan(bytes, []).found?.model).toBe("m");
  });
});
