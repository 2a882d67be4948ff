import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/gateway/limits.ts";
import { ModelScan } from "../../src/gateway/body/model-scan.ts";

function scan(bytes: Buffer, cuts: readonly number[]): ModelScan {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const found = new ModelScan();
  for (const [i, from] of at.slice(0, -1).entries()) found.feed(bytes.subarray(from, at[i + 1]));
  found.end();
  return found;
}

const cuts = fc.array(fc.nat(1 << 20), { maxLength: 30 });
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** A string in JSON, with some of its characters written as escapes. */
const written = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.infiniteStream(fc.nat(3))).map(([value, choices]) => {
    const pieces = Array.from(value, (character) => {
      const plain = JSON.stringify(character).slice(1, -1);
      if (choices.next().value !== 0) return plain;
      return Array.from(
        { length: character.length },
        (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
      ).join("");
    });
    return `"${pieces.join("")}"`;
  });

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("model", '"model":"x"', "\\", '\\"', "{", "}", "[", "]", ",", ":", "\\\\", '"'),
);
const key = written(fc.oneof(fc.constantFrom("model", "Model", "model ", "messages", ""), anyText));
const scalar = fc.oneof(
  written(anyText),
  fc.constantFrom("null", "true", "false", "0", "-1.5e+10", "123456789"),
);

const { value } = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, tie("object"), tie("list")),
  object: fc
    .array(fc.tuple(space, key, space, space, tie("value"), space), { maxLength: 4 })
    .map((pairs) => `{${pairs.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`).join(",")}}`),
  list: fc
    .array(fc.tuple(space, tie("value"), space), { maxLength: 4 })
    .map((values) => `[${values.map((parts) => parts.join("")).join(",")}]`),
}));

const pair = fc.tuple(space, key, space, space, value, space);
/** A whole document whose root is an object, as text, with its pairs. */
const document = fc
  .tuple(space, fc.array(pair, { maxLength: 6 }), space)
  .map(
    ([before, pairs, after]) =>
      `${before}{${pairs.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`).join(",")}}${after}`,
  );

describe("the search for the model in a JSON body", () => {
  test("finds what JSON.parse finds, wherever the document is cut, and where it stands", () => {
    fc.assert(
      fc.property(document, cuts, fc.boolean(), (text, at, withBom) => {
        const bom = withBom ? "\ufeff" : "";
        const bytes = Buffer.from(bom + text);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const model = Object.hasOwn(parsed, "model") ? parsed["model"] : undefined;
        const { found, hopeless } = scan(bytes, at);
        expect(hopeless).toBeUndefined();
        expect(found?.model).toBe(typeof model === "string" ? model : undefined);
        if (found === undefined) return;
        expect(JSON.parse(bytes.toString("utf8", found.from, found.to))).toBe(model);
        // Another name in its place is what the endpoint's parser then finds.
        const other = Buffer.concat([
          bytes.subarray(0, found.from),
          Buffer.from('"other"'),
          bytes.subarray(found.to),
        ]);
        const changed = JSON.parse(other.toString("utf8").slice(bom.length)) as Record<string, unknown>;
        expect(changed).toEqual({ ...parsed, model: "other" });
      }),
      { numRuns: 1000 },
    );
  });

  test("tells the same of any bytes, whether they come whole, cut, or one by one", () => {
    const damaged = fc
      .tuple(document, fc.array(fc.tuple(fc.nat(1 << 20), fc.nat(255)), { maxLength: 4 }))
      .map(([text, changes]) => {
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
      fc.property(document, fc.nat(1 << 20), (text, end) => {
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
