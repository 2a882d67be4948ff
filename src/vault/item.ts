import type { Secret } from "../secret.ts";

/** The kinds of item, in the order of the platform's own menu. */
export const kindNames = [
  "serverless-api-key",
  "bearer-token",
  "certificate",
  "registry-credentials",
  "environment-variable",
  "hugging-face-token",
  "ssh-key",
] as const;
export type KindName = (typeof kindNames)[number];

/** What a kind makes from a person's input: an item without its name and dates. */
export interface Draft {
  /** Values that may be shown, by field name. */
  readonly facts: Readonly<Record<string, string>>;
  /** Values that are kept sealed, by field name. */
  readonly secrets: Readonly<Record<string, Secret>>;
  /** When it stops being valid, where it does. */
  readonly expires?: Date;
}

/** One named credential. */
export interface Item extends Draft {
  readonly name: string;
  readonly kind: KindName;
  readonly created: Date;
  readonly changed: Date;
}

/** What an item adds to every request of an endpoint: a header, or a TLS identity. */
export type Attachable =
  | { readonly header: { readonly name: string; readonly value: Secret } }
  /** PEM texts: the certificate first, then its chain; the key as unencrypted PKCS#8. */
  | { readonly identity: { readonly certificate: string; readonly key: Secret; readonly expires: Date } };
