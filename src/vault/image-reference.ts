/** An image as Docker's tools name it, with what they leave out put back. */
export interface ImageReference {
  /** The registry's host in lower case, with its port where the reference has one: "docker.io", "[::1]:5000". */
  readonly registry: string;
  /** "library/ubuntu". */
  readonly repository: string;
  readonly tag?: string;
  /** "sha256:…". */
  readonly digest?: string;
}

/** Docker Hub, in the one spelling in which the vault knows it. */
export const dockerHub = "docker.io";

/** The longest repository name with its registry, and the longest digest: sha512. */
const longestName = 255;
const longestDigest = 256;

// The grammar of github.com/distribution/reference; each part can be matched in one way only.
const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const host = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-f0-9:]+\\])(?::[0-9]{1,5})?$`);
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const repository = new RegExp(`^${component}(?:/${component})*$`);
const tag = /^\w[\w.-]{0,127}$/;
const digest = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** Whether the text, in lower case, is a registry's host, with or without a port. */
export function isRegistryHost(text: string): boolean {
  if (text.length > longestName || !host.test(text)) return false;
  return Number(/:([0-9]+)$/.exec(text)?.[1] ?? 1) <= 65_535;
}

/** Reads an image reference such as `nvcr.io/nim/meta/llama-3.1-8b-instruct:latest`; undefined where it is none. */
export function parseImageReference(text: string): ImageReference | undefined {
  const [, named = "", tagged, digested] = /^([^@]*?)(?::([^/:@]*))?(?:@([^@]*))?$/.exec(clipped(text)) ?? [];
  const [first, rest] = splitAt(named, "/");
  const remote = isDomain(first, rest) ? rest : named;
  const registry = isDomain(first, rest) ? hubOr(first.toLowerCase()) : dockerHub;
  if (remote.length + registry.length >= longestName) return undefined;
  if (!isRegistryHost(registry) || !repository.test(remote)) return undefined;
  if (tagged !== undefined && !tag.test(tagged)) return undefined;
  if (digested !== undefined && (digested.length > longestDigest || !digest.test(digested))) return undefined;
  return {
    registry,
    repository: registry === dockerHub && !remote.includes("/") ? `library/${remote}` : remote,
    ...(tagged !== undefined && { tag: tagged }),
    ...(digested !== undefined && { digest: digested }),
  };
}

/** What is longer than any reference is none, however it begins. */
const clipped = (text: string): string => (text.length <= 1024 ? text : "");

const splitAt = (text: string, mark: string): readonly [string, string] => {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
};

/** Without a dot, a colon or a capital, the first part of a path is a user of Docker Hub, and no host. */
const isDomain = (first: string, rest: string): boolean =>
  rest !== "" && (first === "localhost" || /[.:A-Z]/.test(first));

const hubOr = (host: string): string => (host === "index.docker.io" ? dockerHub : host);
