import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Mask, maskText } from "../../src/brokers/run-mask.ts";
import { Secret } from "../../src/secret.ts";
import { formsOf } from "../support/canaries.ts";

/** What leaves a mask when the bytes come in these chunks. */
function masked(secrets: readonly string[], ...chunks: readonly (Buffer | string)[]): Buffer {
  const mask = new Mask(secrets.map((secret) => new Secret(secret)));
  return Buffer.concat([...chunks.map((chunk) => mask.push(Buffer.from(chunk))), mask.end()]);
}

const canary = 'canary+mask/4f81"c2d9=e?7&';

test("a secret is masked, and the text around it stays", () => {
  expect(masked([canary], `before ${canary} after\n`).toString()).toBe(`before ${maskText} after\n`);
  expect(masked([canary], canary).toString()).toBe(maskText);
});

test("a secret is masked wherever it is cut in two", () => {
  for (let at = 0; at <= canary.length; at += 1)
    expect(masked([canary], `<${canary.slice(0, at)}`, `${canary.slice(at)}>`).toString()).toBe(
      `<${maskText}>`,
    );
});

test("a secret is masked when its bytes come one by one", () => {
  expect(masked([canary], ...`a${canary}b`.split("")).toString()).toBe(`a${maskText}b`);
});

test("the bytes that go on to be no secret are not lost", () => {
  expect(masked([canary], canary.slice(0, -1), "!").toString()).toBe(`${canary.slice(0, -1)}!`);
  expect(masked([canary], canary.slice(0, -1)).toString()).toBe(canary.slice(0, -1));
});

test("what cannot begin a secret leaves at once, so that a question on the terminal is seen", () => {
  const mask = new Mask([new Secret(canary)]);
  expect(mask.push(Buffer.from("Continue? ")).toString()).toBe("Continue? ");
});

test("a secret in a longer one, and two that overlap, leave no rest", () => {
  expect(masked(["secret-of-8", "secret-of-8-and-more"], "secret-of-8-and-more").toString()).toBe(maskText);
  expect(masked(["abcdefgh1234", "1234ijklmnop"], "<abcdefgh1234ijklmnop>").toString()).toBe(`<${maskText}>`);
  expect(masked(["aaaaaaaa"], "a".repeat(20)).toString()).toBe(maskText);
});

test.each(
  formsOf(canary).filter((form) => !/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(form) && form !== canary.toLowerCase()),
)("the form %s is masked", (form) => expect(masked([canary], `<${form}>`).toString()).not.toContain(form));

test("a secret is masked as JSON writes it, and within the base64 of a longer text", () => {
  expect(masked([canary], JSON.stringify({ canary })).toString()).toBe(`{"canary":"${maskText}"}`);
  for (const user of ["", "u", "us", "user:"]) {
    const encoded = Buffer.from(`${user}${canary}!`).toString("base64");
    expect(Buffer.from(masked([canary], encoded).toString(), "base64").toString()).not.toContain(
      canary.slice(2, -2),
    );
  }
});

test("of a secret of several lines, each long line is masked by itself", () => {
  const lines = ["first-line-of-the-key-AAAA", "second-line-of-the-key-BBBB"];
  const out = masked([lines.join("\n")], `1: ${lines[0]}\r\n2: ${lines[1]}\n`).toString();
  expect(out).toBe(`1: ${maskText}\r\n2: ${maskText}\n`);
});

test("a value of a few characters is left alone: output full of holes helps nobody", () => {
  expect(masked(["true", "8080", ""], "true 8080").toString()).toBe("true 8080");
});

test("bytes that are no text pass unchanged", () => {
  const bytes = randomBytes(300_000);
  expect(masked([canary], bytes.subarray(0, 7), bytes.subarray(7)).equals(bytes)).toBe(true);
});

test("however the bytes are cut, the same leaves, and none of the secrets with it", () => {
  const letter = fc.constantFrom("a", "b", "c");
  const secret = fc.array(letter, { minLength: 8, maxLength: 12 }).map((letters) => letters.join(""));
  const text = fc.array(fc.oneof(letter, secret, fc.constant("aabbaabb")), { maxLength: 30 });
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 3 }),
      text,
      fc.array(fc.nat(7)),
      (secrets, parts, cuts) => {
        const bytes = Buffer.from([...parts, ...secrets].join(""));
        const whole = masked(secrets, bytes);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const length of cuts) chunks.push(bytes.subarray(at, (at += length)));
        expect(masked(secrets, ...chunks, bytes.subarray(at)).toString()).toBe(whole.toString());
        const rest = whole.toString().replaceAll(maskText, "\n");
        for (const one of secrets) expect(rest).not.toContain(one);
      },
    ),
    { numRuns: 2000 },
  );
});
