import type { EndpointType } from "../../config/config.ts";
import type { Secret } from "../../secret.ts";
import type { Attachable, Draft, Item, KindName } from "../item.ts";

/** One value of an item, as a form or a command line asks for it. */
export interface Field {
  /** Also the name of the command-line option that gives it, where the value is not secret. */
  readonly name: string;
  /**
   * The command-line option that names a file to read it from, for a secret. The first secret field needs none:
   * `--file` and `--stdin` give it for every kind.
   */
  readonly option?: string;
  /** As the platform's dialog names it. */
  readonly label: string;
  readonly secret: boolean;
  readonly required: boolean;
  /** Said in `--help` and beside the field. */
  readonly help: string;
  /** More than one line, such as a PEM text. */
  readonly multiline?: boolean;
  /** Another option that gives the same, for a form that people call by another name. */
  readonly alias?: string;
  /**
   * Says where the value comes from, and is given in its place. Only on the command line: it may name a command, and
   * whoever sits at a form may be somebody else.
   */
  readonly instead?: boolean;
  /** All that it may be, the default first; a switch where there is but one. */
  readonly options?: readonly string[];
  /** A path; the command line takes it as relative to where it runs. */
  readonly path?: boolean;
  /** Binary files are taken too; they come as `armour` of `vault/certificates/pem.ts` writes them. */
  readonly binary?: boolean;
}

/** A part of an item that is no secret, as a file to hand to others. */
export interface PublicPart {
  /** The option of `vault download` that asks for it: "public". */
  readonly option: string;
  /** As a menu names it. */
  readonly title: string;
  /** Said in `--help`. */
  readonly help: string;
  /** Throws a PosternError where this item has no such part. */
  readonly file: (item: Item) => { readonly fileName: string; readonly content: string };
}

/** How a kind asks somebody else for what completes its items. The secret part stays in the vault all the while. */
export interface Requesting {
  /** What a person may say of the request; none is secret. */
  readonly fields: readonly Field[];
  /** A new secret and the request for it: the draft of an item that waits. */
  readonly begin: (input: { readonly name: string; readonly facts: Input["facts"] }) => Promise<Draft>;
  /** The request of an item that waits, in PEM; undefined for one that does not. */
  readonly pending: (item: Item) => string | undefined;
  /** Takes the answer to a waiting item's request. Throws a PosternError that says why it is not the answer. */
  readonly complete: (item: Item, answer: Input, now: Date) => Promise<Draft>;
}

/** What a person gave: the fields' values by name. */
export interface Input {
  /** The name that the item will have. */
  readonly name: string;
  /** Where the value came from, for messages: a file's path, "standard input". */
  readonly source: string;
  /** The same for fields that came from elsewhere than `source`, by field name. */
  readonly sources?: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, Secret>>;
}

/**
 * A kind of item. Adding one is a file in this folder and a row in the table (`index.ts`): the command line, the API
 * and the console's forms follow from what it declares.
 */
export interface Kind {
  readonly name: KindName;
  /** "Bearer Token": as the platform writes it. */
  readonly title: string;
  /** "Bearer Tokens": the entry of the platform's menu. */
  readonly plural: string;
  /** One line for help texts. */
  readonly summary: string;
  /** What a person gives for an existing one. The first secret field is the main value. */
  readonly fields: readonly Field[];
  /** Types of endpoint that may use it; none for kinds that no endpoint attaches. */
  readonly fits: readonly EndpointType[];
  /** Why it does not fit the other types of endpoint, in the platform's words, and the way out. */
  readonly misfit: (type: EndpointType) => { readonly reason: string; readonly fix: string };
  /** Makes a new one; absent where the platform offers no "Generate new …". */
  readonly generate?: (input: {
    readonly name: string;
    readonly now: Date;
    /** What was chosen of `choices`; what is absent has its default. */
    readonly facts?: Input["facts"];
  }) => Promise<Draft>;
  /** What a person may choose for a new one. Each has a default, and none is secret. */
  readonly choices?: readonly Field[];
  /**
   * Makes a new value for an item that `generate` made, with the same parameters: a certificate keeps its CA, its name,
   * its type of key and how long it lasts, and gets a new key. The item is not changed. Throws
   * `item_not_generated` for an item that was not made here.
   */
  readonly regenerate?: (item: Item, now: Date) => Promise<Draft>;
  /** Whether this item is one that `regenerate` takes; absent where it takes all. */
  readonly madeHere?: (item: Item) => boolean;
  /** How its items come to be by a request that somebody else answers; absent where there is no such thing. */
  readonly request?: Requesting;
  /** Takes an existing one. Throws a PosternError that says what is wrong with it. */
  readonly accept: (input: Input, now: Date) => Promise<Draft>;
  /** Checks an item again, as it was read from the vault. Throws as `accept` does, but not for an expired one. */
  readonly recheck: (item: Item) => void;
  /** The value that lists mask and `show --reveal` prints. */
  readonly reveal: (item: Item) => Secret;
  /** The file that `download` writes. */
  readonly download: (item: Item) => { readonly fileName: string; readonly content: Secret };
  /** What `download --private` writes, where the file of `download` holds only what is public. */
  readonly privateFile?: Kind["download"];
  /** What `download` writes instead when only a public part is asked for. */
  readonly publicParts?: readonly PublicPart[];
  /** What it adds to a request; absent for kinds that no endpoint attaches. */
  readonly attach?: (item: Item) => Attachable;
}
