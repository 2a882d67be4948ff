import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { type Content, formatContent, parseContent } from "../../src/vault/sealed/content.ts";
import { type Item, kindNames } from "../../src/vault/item.ts";
import type { Identity } from "../../src/vault/identity/identity.ts";
import { macOf, newKey } from "../../src/vault/sealed/mac.ts";
import { confirmed } from "../../src/vault/identity/recipients.ts";

const key = new Secret("AGE-SECRET-KEY-1CANARY");
const identity: Identity = { file: "identity.txt", key, recipient: `age1${"q".repeat(58)}` };
const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const date = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
const field = fc.stringMatching(/^[a-z][A-Za-z0-9]{0,12}$/);
const text = fc.string({ unit: "binary" });
const secrets = fc.dictionary(
  field,
  text.map((value) => new Secret(value)),
  { noNullPrototype: true },
);
const facts = fc.dictionary(field, text, { noNullPrototype: true });

const item: fc.Arbitrary<Item> = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
    kind: fc.constantFrom(...kindNames),
    created: date,
    changed: date,
    expires: date,
    facts,
    secrets,
    previous: fc.record(
      { until: date, changed: date, expires: date, facts, secrets },
      { requiredKeys: ["until", "changed", "facts", "secrets"] },
    ),
  },
  { requiredKeys: ["name", "kind", "created", "changed", "facts", "secrets"] },
);
const other = fc.stringMatching(/^age1[02-9ac-hj-np-z]{58}$/);
const content: fc.Arbitrary<Content> = fc
  .record({
    vault: fc.uuid(),
    generation: fc.integer({ min: 1 }),
    previous: fc.option(hash),
    keyed: fc.integer({ min: 1 }),
    key: hash.map((text) => new Secret(text)),
    markKey: hash.map((text) => new Secret(text)),
    others: fc.uniqueArray(other, { maxLength: 3 }),
    items: fc.uniqueArray(item, { selector: ({ name }) => name, maxLength: 8 }),
  })
  .map(({ others, ...rest }) => {
    const all = [identity.recipient, ...others].map((recipient, n) => ({ name: `r${n}`, recipient }));
    return Object.assign(rest, { recipients: confirmed(all, identity, rest) });
  });

/** Secrets compare by what they hide. */
const plain = (content: Content): unknown =>
  JSON.parse(
    JSON.stringify(content, (_, value: unknown) => (value instanceof Secret ? value.expose() : value)),
  );

test("whatever content is written is read back the same, with the same hash", () => {
  fc.assert(
    fc.property(content, (content) => {
      const written = formatContent(content);
      const read = parseContent(written.payload, identity, "vault.age");
      expect(plain(read.content)).toEqual(plain(content));
      expect(read.hash).toBe(written.hash);
    }),
  );
});

test("content with any one byte changed is refused", () => {
  fc.assert(
    fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (content, at, flip) => {
      const { payload } = formatContent(content);
      const index = at % payload.length;
      payload[index] = (payload[index] ?? 0) ^ flip;
      // A change in the header that leaves its meaning, such as a space for the line feed of JSON, may pass; one in the body never.
      let read: ReturnType<typeof parseContent> | undefined;
      try {
        read = parseContent(payload, identity, "vault.age");
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

/** A payload of version 1 with the right MAC, as the holder of the identity could write it by hand. */
const authentic = (body: unknown, header: object = {}): Uint8Array => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const line = { format: "postern-vault", version: 1, mac: macOf(key, "contentV1", text), ...header };
  return Buffer.from(`${JSON.stringify(line)}\n${text}`);
};

test("content of version 1 with the right MAC is accepted, and gets keys of its own", () => {
  const read = parseContent(authentic(whole), identity, "vault.age");
  expect(read.content.items).toHaveLength(1);
  expect(read.content.recipients).toEqual([{ name: "owner", recipient: identity.recipient }]);
  expect(read.content.markKey.expose()).not.toBe(key.expose());
});

test.each([
  [
    "another identity's MAC",
    authentic(whole, { mac: macOf(new Secret("AGE-SECRET-KEY-1OTHER"), "contentV1", "x") }),
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
  ["a later version", authentic(whole, { version: 3 }), "vault_version"],
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
    parseContent(payload, identity, "vault.age");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code });
  expect(String(thrown)).not.toContain("canary");
});

const vaultKey = newKey();
const trusted = confirmed([{ name: "me", recipient: identity.recipient }], identity, {
  vault: whole.vault,
  keyed: 1,
  key: vaultKey,
});
const whole2 = { ...whole, keyed: 1, markKey: newKey().expose(), recipients: trusted };

/** A payload of version 2 whose MAC fits its key. Anyone can make this much: the key stands in it. */
const written = (body: object, key = vaultKey): Uint8Array => {
  const text = JSON.stringify(body);
  const line = { format: "postern-vault", version: 2, key: key.expose(), mac: macOf(key, "content", text) };
  return Buffer.from(`${JSON.stringify(line)}\n${text}`);
};
const codeOf = (payload: Uint8Array): unknown => {
  try {
    return parseContent(payload, identity, "vault.age").content.generation;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

test("content of version 2 is taken from whoever holds a key that this identity has confirmed", () => {
  expect(codeOf(written(whole2))).toBe(1);
});

test.each([
  ["with a key of the writer's own", written(whole2, newKey()), "vault_forged"],
  [
    "without this identity's confirmation",
    written({ ...whole2, recipients: [{ ...trusted[0], trust: undefined }] }),
    "vault_unconfirmed",
  ],
  [
    "with the confirmation of another vault",
    written({ ...whole2, vault: "7b12cf67-c32b-4714-8549-113d8dba8796" }),
    "vault_forged",
  ],
  [
    "with the confirmation of this key as an earlier one",
    written({ ...whole2, generation: 2, keyed: 2 }),
    "vault_forged",
  ],
  [
    "that does not name this identity",
    written({ ...whole2, recipients: [{ name: "x", recipient: `age1${"p".repeat(58)}` }] }),
    "vault_forged",
  ],
  [
    "with one recipient twice",
    written({ ...whole2, recipients: [trusted[0], trusted[0]] }),
    "vault_content_invalid",
  ],
  ["without recipients", written({ ...whole2, recipients: [] }), "vault_content_invalid"],
])("content %s is refused", (_what, payload, code) => {
  expect(codeOf(payload)).toBe(code);
});

test("no text whatever crashes the reader", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        expect(codeOf(bytes)).toMatch(/^vault_/);
      },
    ),
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      const line = {
        format: "postern-vault",
        version: 2,
        key: vaultKey.expose(),
        mac: macOf(vaultKey, "content", text),
      };
      expect(codeOf(Buffer.from(`${JSON.stringify(line)}\n${text}`))).toBe("vault_content_invalid");
    }),
  );
});
