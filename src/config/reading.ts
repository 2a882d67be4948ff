/** What is wrong with a value, and the way out: lower case, without a full stop at the end. */
export interface Wrong {
  readonly wrong: string;
  readonly wayOut: string;
  /** The text may hold a secret, and must not be shown. */
  readonly hidden?: true;
}

/** A value read from text, or what is wrong with the text. */
export type Reading<T> = { readonly value: T } | Wrong;
