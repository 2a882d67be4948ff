import { Encrypter } from "age-encryption";
import { problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Identity } from "./identity.ts";
import { itemName } from "../item.ts";
import { macFits, macOf } from "../sealed/mac.ts";

/** One of those who can open a vault: a person, a machine, a recovery key. */
export interface Recipient {
  readonly name: string;
  /** `age1…` */
  readonly recipient: string;
  /**
   * A MAC of the vault's key that only the holder of the recipient's identity can make. Absent until that holder has
   * said that the vault is to be trusted.
   */
  readonly trust?: string;
}

/** What ends the name of the recipient that a rekey is about to put in the place of another. */
export const replacing = ".next";

/** How an X25519 recipient is written: Bech32 of 32 bytes (age-encryption.org/v1, "The X25519 recipient type"). */
export const recipientPattern = /^age1[02-9ac-hj-np-z]{58}$/;

/** The key of a vault, and which of its keys that is. */
export interface Keyed {
  readonly vault: string;
  /**
   * The generation in which the key came to be. It rises with each key, so that one that was given up, which those know
   * who are gone, is told from the one that took its place.
   */
  readonly keyed: number;
  readonly key: Secret;
}

/** What a holder's MAC is made of. */
const trusted = ({ vault, keyed, key }: Keyed): string => `${vault}\n${keyed}\n${key.expose()}\n`;

/** Whether this identity, whose recipient this is, has confirmed a vault that has this key. */
export function trustOf(
  { trust }: Recipient,
  identity: Identity,
  keyed: Keyed,
): "confirmed" | "missing" | "broken" {
  if (trust === undefined) return "missing";
  return macFits(trust, identity.key, "trust", trusted(keyed)) ? "confirmed" : "broken";
}

/** The recipients with this identity's own confirmation of the key. */
export function confirmed(
  recipients: readonly Recipient[],
  identity: Identity,
  keyed: Keyed,
): readonly Recipient[] {
  return recipients.map((one) =>
    one.recipient === identity.recipient
      ? { ...one, trust: macOf(identity.key, "trust", trusted(keyed)) }
      : one,
  );
}

/** Throws `recipient_refused` for a text that nothing can be sealed for. */
export function checkRecipient(recipient: string): void {
  if (recipient.startsWith("AGE-SECRET-KEY-"))
    throw problem("recipient_refused", {
      reason: "this is a secret key, which only its owner should have",
      fix: "give the public one, which begins with age1: age-keygen -y FILE prints it; replace the secret one, for it was shown here",
    });
  try {
    if (!recipientPattern.test(recipient)) throw new Error("another length, or other characters");
    new Encrypter().addRecipient(recipient);
  } catch (error) {
    throw problem(
      "recipient_refused",
      {
        reason: "this is not an age recipient, or it is mistyped",
        fix: "give one that begins with age1 and has 62 characters, as age-keygen prints it",
      },
      error,
    );
  }
}

/** With one more. Throws `item_name_invalid` or `recipient_refused`. */
export function withRecipient(
  recipients: readonly Recipient[],
  name: string,
  recipient: string,
): readonly Recipient[] {
  checkRecipient(recipient);
  if (!itemName.test(name)) throw problem("item_name_invalid", { name });
  if (name.endsWith(replacing))
    throw problem("recipient_refused", {
      reason: `a name that ends in ${replacing} is kept for vault rekey`,
      fix: "choose another name",
    });
  const holder = recipients.find((one) => one.recipient === recipient);
  if (holder !== undefined)
    throw problem("recipient_refused", {
      reason: `the vault is sealed for this recipient already, as "${holder.name}"`,
      fix: "nothing is to be done",
    });
  if (recipients.some((one) => one.name === name))
    throw problem("recipient_refused", {
      reason: `the vault has a recipient named "${name}" already`,
      fix: "choose another name",
    });
  return [...recipients, { name, recipient }];
}

/** Without the one of this name. Throws `recipient_refused`, also for the one who asks: nobody locks himself out. */
export function withoutRecipient(
  recipients: readonly Recipient[],
  name: string,
  self: Identity,
): readonly Recipient[] {
  const gone = recipients.find((one) => one.name === name);
  if (gone === undefined)
    throw problem("recipient_refused", {
      reason: `the vault has no recipient named "${name}"; it has: ${recipients.map((one) => one.name).join(", ")}`,
      fix: "postern vault recipient list shows them",
    });
  if (gone.recipient === self.recipient)
    throw problem("recipient_refused", {
      reason: `"${name}" is the recipient of the identity that opened the vault`,
      fix: "remove it with another recipient's identity, or replace this one: postern vault rekey",
    });
  // Whoever is gone knows the key, so all others have to confirm another one.
  return unconfirmed(recipients.filter((one) => one !== gone));
}

/** The recipients of a vault that gets another key. */
export const unconfirmed = (recipients: readonly Recipient[]): readonly Recipient[] =>
  recipients.map(({ name, recipient }) => ({ name, recipient }));
