import { problem } from "../../errors.ts";
import type { Draft, Item } from "../item.ts";
import type { Field, Input, Requesting } from "./kind.ts";
import { keyTypeField, keyTypeOf } from "./own-certificate.ts";
import { givenFact, refused } from "./value.ts";

// A certificate that waits for a CA's signature is an item with a key and the `request` for its certificate, and no
// `certificate` yet.

/** What a person may say of a request. */
export const requestFields: readonly Field[] = [
  keyTypeField,
  {
    name: "subject",
    label: "Subject",
    secret: false,
    required: false,
    help: 'the name in it: a common name, or such as "CN=gen-cert, O=Example" (default: the item\'s name)',
  },
  {
    name: "san",
    label: "Alternative names",
    secret: false,
    required: false,
    help: "DNS names, IP addresses, e-mail addresses or URIs, with commas between them",
  },
];

/** The request of an item that waits for its certificate; undefined for one that has it. */
export const pendingRequest: Requesting["pending"] = ({ facts }) =>
  facts["certificate"] === undefined ? facts["request"] : undefined;

/** Throws `certificate_waiting` for an item that waits for its certificate. */
export function refuseWaiting(item: Item): void {
  if (pendingRequest(item) !== undefined) throw problem("certificate_waiting", { item: item.name });
}

/** Makes the key and the request. Throws `value_invalid` for a name or a type of key that cannot be. */
export async function beginRequest({
  name,
  facts,
}: {
  readonly name: string;
  readonly facts: Input["facts"];
}): Promise<Draft> {
  const keyType = keyTypeOf(name, facts);
  // Loaded here, so that commands that ask for nothing do not wait for it.
  const { makeRequest, parseName, parseSubject } = await import("../certificates/certificate-request.ts");
  const subject = read(name, "subject", givenFact({ facts }, "subject") ?? name, parseSubject);
  const names = (givenFact({ facts }, "san") ?? "")
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map((text) => read(name, "san", text, parseName));
  const { request, key } = await makeRequest({ keyType, subject, names });
  return { facts: { subject: subject.toString(), keyType, request }, secrets: { key } };
}

function read<T>(name: string, option: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    const fix = option === "san" ? "gen-cert.example,10.0.0.1" : '"CN=gen-cert, O=Example"';
    throw refused(
      name,
      `the ${option} "${text}" cannot stand in a certificate: ${(error as Error).message}`,
      `write it as in --${option} ${fix}`,
      option,
    );
  }
}
