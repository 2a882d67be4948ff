import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { type Content, formatContent, parseContent } from "../../src/vault/content.ts";
import { type Item, kindNames } from "../../src/vault/item.ts";
import { macOf } from "../../src/vault/mac.ts";

const key = new Secret("AGE-SECRET-KEY-1CANARY");
const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const date = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
const field = fc.stringMatching(/^[a-z][A-Za-z0-9]{0,12}$/);
const text = fc.string({ unit: "binary" });

const item: fc.Arbitrary<Item> = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
    kind: fc.constantFrom(...kindNames),
    created: date,
    changed: date,
    expires: date,
    facts: fc.dictionary(field, text, { noNullPrototype: true }),
    secrets: fc.dictionary(
      field,
      text.map((value) => new Secret(value)),
      { noNullPrototype: true },
    ),
  },
  { requiredKeys: ["name", "kind", "created", "changed", "facts", "secrets"] },
);
const content: fc.Arbitrary<Content> = fc.record({
  vault: fc.uuid(),
  generation: fc.integer({ min: 1 }),
  previous: fc.option(hash),
  items: fc.uniqueArray(item, { selector: ({ name }) => name, maxLength: 8 }),
});

/** Secrets compare by what they hide. */
const plain = ({ items, ...rest }: Content) => ({
  ...rest,
  items: items.map(({ secrets, ...item }) => ({
    ...item,
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, secret.expose()])),
  })),
});

test("whatever content is written is read back the same, with the same hash", () => {
  fc.assert(
    fc.property(content, (content) => {
      const written = formatContent(content, key);
      const read = parseContent(written.payload, key, "vault.age");
      expect(plain(read.content)).toEqual(plain(content));
      expect(read.hash).toBe(written.hash);
    }),
  );
});

test("content with any one byte changed is refused", () => {
  fc.assert(
    fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (content, at, flip) => {
      const { payload } = formatContent(content, key);
      const index = at % payload.length;
      payload[index] = (payload[index] ?? 0) ^ flip;
      // A change in the header that leaves its meaning, such as a space for the line feed of JSON, may pass; one in the body never.
      let read: ReturnType<typeof parseContent> | undefined;
      try {
        read = parseContent(payload, key, "vault.age");
      } catch {
        return;
      }
      expect(plain(read.content)).toEqual(plain(content));
    }),
  );
});

const whole = {
  vault: "7b12cf67-c32b-4714-8549-113d8dba8795",
  generation: 1,
  previous: null,
  items: [
    {
      name: "token",
      kind: "bearer-token",
      created: "2026-01-31T12:00:00.000Z",
      changed: "2026-01-31T12:00:00.000Z",
      facts: {},
      secrets: { value: "canary-in-the-body" },
    },
  ],
};
const [first] = whole.items;

/** A payload with the right MAC, as the holder of the identity can write it by hand. */
const authentic = (body: unknown, header: object = {}): Uint8Array => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const line = { format: "postern-vault", version: 1, mac: macOf(key, "content", text), ...header };
  return Buffer.from(`${JSON.stringify(line)}\n${text}`);
};

test("content that is written by hand with the right MAC is accepted", () => {
  expect(parseContent(authentic(whole), key, "vault.age").content.items).toHaveLength(1);
});

test.each([
  [
    "another identity's MAC",
    authentic(whole, { mac: macOf(new Secret("AGE-SECRET-KEY-1OTHER"), "content", "x") }),
    "vault_forged",
  ],
  [
    "a MAC made for another use",
    authentic(whole, { mac: macOf(key, "mark", JSON.stringify(whole)) }),
    "vault_forged",
  ],
  ["no header", Buffer.from(JSON.stringify(whole)), "vault_forged"],
  ["nothing at all", Buffer.from(""), "vault_forged"],
  ["another format", authentic(whole, { format: "postern" }), "vault_forged"],
  ["an unknown key in its header", authentic(whole, { extra: 1 }), "vault_forged"],
  ["a later version", authentic(whole, { version: 2 }), "vault_version"],
  ["an earlier version", authentic(whole, { version: 0 }), "vault_forged"],
  ["a version that is no number", authentic(whole, { version: "\u001b[2Jcanary" }), "vault_forged"],
  ["a body that is not JSON", authentic("canary-in-the-body"), "vault_content_invalid"],
  ["a body without its vault", authentic({ ...whole, vault: undefined }), "vault_content_invalid"],
  ["a generation of 0", authentic({ ...whole, generation: 0 }), "vault_content_invalid"],
  ["an unknown key", authentic({ ...whole, extra: 1 }), "vault_content_invalid"],
  [
    "an unknown kind",
    authentic({ ...whole, items: [{ ...first, kind: "canary-in-the-body" }] }),
    "vault_content_invalid",
  ],
  [
    "an item without its date",
    authentic({ ...whole, items: [{ ...first, created: undefined }] }),
    "vault_content_invalid",
  ],
  [
    "a date that is none",
    authentic({ ...whole, items: [{ ...first, changed: "yesterday" }] }),
    "vault_content_invalid",
  ],
  [
    "a secret that is no text",
    authentic({ ...whole, items: [{ ...first, secrets: { value: 5 } }] }),
    "vault_content_invalid",
  ],
  [
    "a name that cannot be one",
    authentic({ ...whole, items: [{ ...first, name: "../x" }] }),
    "vault_content_invalid",
  ],
  ["two items of one name", authentic({ ...whole, items: [first, first] }), "vault_content_invalid"],
])("content with %s is refused, and the message shows no value", (_what, payload, code) => {
  let thrown: unknown;
  try {
    parseContent(payload, key, "vault.age");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code });
  expect(String(thrown)).not.toContain("canary");
});
