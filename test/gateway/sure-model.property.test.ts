import * as fc from "fast-check";
import { expect, test } from "vitest";
import { modelOfForm } from "../../src/gateway/keys/sure-form.ts";
import { modelOfJson } from "../../src/gateway/keys/sure-json.ts";

/** A key as it is written, quotes included. */
const key = fc.oneof(
  fc.constantFrom('"model"', '"Model"', '"MODEL"', String.raw`"mod\u0065l"`, String.raw`"\u004Dodel"`, '"x"'),
  fc.string().map((text) => JSON.stringify(text)),
);
const value = fc.oneof(
  fc.string().map((text) => JSON.stringify(text)),
  fc.jsonValue().map((data) => JSON.stringify(data)),
  fc.constantFrom('{"model":"inner"}', '["model","b"]', String.raw`"\"model\":\"b\""`),
);
const space = fc.constantFrom("", " ", "\n\t");

test("a model is sure exactly where the plain key stands once, as text, and nothing like it stands beside it", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 6 }), space, (members, gap) => {
      const text = `${gap}{${members.map(([k, v]) => `${gap}${k}${gap}:${v}`).join(`${gap},`)}}${gap}`;
      const like = members.filter(([k]) => (JSON.parse(k) as string).toLowerCase() === "model");
      const [only] = like;
      const model: unknown = only === undefined ? undefined : JSON.parse(only[1]);
      const sure = like.length === 1 && only?.[0] === '"model"' && typeof model === "string";
      const reading = modelOfJson(Buffer.from(text));
      if (sure && model.length <= 100) expect(reading).toEqual({ model });
      else if (!sure) expect(reading).toHaveProperty("reason");
    }),
    { numRuns: 3000 },
  );
});

const formOf = (...parts: readonly (readonly [named: string, value: string])[]): Buffer =>
  Buffer.from(
    `${parts.map(([named, value]) => `--x\r\nContent-Disposition: form-data; ${named}\r\n\r\n${value}\r\n`).join("")}--x--\r\n`,
  );

test("a form that says where its file is from is as sure as one without a file", () => {
  for (const file of ['name="file"; filename="a b.wav"', "name=file; filename=a.wav"])
    expect(
      modelOfForm(formOf(['name="model"', "a"], [file, "\0\r\n"]), "multipart/form-data; boundary=x"),
    ).toEqual({ model: "a" });
});

test.each([
  ["a second name behind the first", 'name="y"; filenames="a"; name="model"', "b"],
  ["a second name behind the file's", 'name="y"; filename="a"; name="model"', "b"],
  ["a line end within a name", 'name="y\n"; filename="a"', "b"],
  ["a line end within a file's name", 'name="y"; filename="a\n\nb"', "b"],
  [
    "a part within a part, for who takes LF for a line end",
    'name="y"',
    'v\n--x\nContent-Disposition: form-data; name="model"\n\nb',
  ],
])("a form is not sure that some parser may read in another way: %s", (_name, named, value) => {
  expect(
    modelOfForm(formOf(['name="model"', "a"], [named, value]), "multipart/form-data; boundary=x"),
  ).toHaveProperty("reason");
});

test("no bytes at all make either reader throw", () => {
  const form = 'Content-Disposition: form-data; name="model"\r\n\r\nmodel-a\r\n--x--\r\n';
  const pieces = fc.constantFrom(
    "--x",
    "\r\n",
    "--",
    form,
    'name="model"',
    '{"model":"a"',
    "}",
    '"',
    "\\",
    "[",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(pieces).map((all) => Buffer.from(all.join(""))),
      ),
      (bytes) => {
        modelOfJson(Buffer.from(bytes));
        modelOfForm(Buffer.from(bytes), "multipart/form-data; boundary=x");
      },
    ),
    { numRuns: 3000 },
  );
});
