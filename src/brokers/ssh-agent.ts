import { createServer, type Socket } from "node:net";
import { asProblem, type PosternError, problem } from "../errors.ts";
import type { Item } from "../vault/item.ts";
import { asksFirst, publicBlobOf, sshKeyOf } from "../vault/kinds/ssh-key.ts";
import { fingerprintOf } from "../vault/ssh/ssh-public.ts";
import type { Vault } from "../vault/vault.ts";
import { type ClientLimits, serveClient } from "./ssh-agent-client.ts";
import { failure, listed, readRequest, type Request, signed } from "./ssh-agent-message.ts";
import { purposeOf } from "./ssh-agent-purpose.ts";
import { signSsh } from "./ssh-agent-signature.ts";
import { listenPrivately } from "./ssh-agent-socket.ts";

/** What a person is asked before a key is used. */
export interface Question {
  /** The item's name. */
  readonly item: string;
  readonly fingerprint: string;
  /** "log in as "root"": what follows "to". */
  readonly purpose: string;
}

export interface SshAgentOptions {
  readonly vault: Vault;
  /** Path of the socket. */
  readonly socket: string;
  /** Ask before each use of every key, not only of the items that want it. */
  readonly confirm: boolean;
  /** Asks the person; the signal aborts when the answer no longer matters. Undefined where nobody is there. */
  readonly ask: ((question: Question, gone: AbortSignal) => Promise<boolean>) | undefined;
  /** Hears of each use of an item, before the program gets what it asked for; where it throws, it gets nothing. */
  readonly used: (use: { readonly item: string; readonly action: "list" | "sign" }) => void;
  /** Hears why a program was refused, and when the vault can no longer be read. */
  readonly troubled: (error: PosternError) => void;
  readonly limits?: SshAgentLimits;
}

export interface SshAgentLimits extends ClientLimits {
  /** Programs that are connected at once; ssh keeps its connection for as long as it forwards the agent. */
  readonly clients: number;
}

const usualLimits: SshAgentLimits = {
  clients: 128,
  messageBytes: 256 * 1024,
  waiting: 16,
  silenceMs: 30_000,
};

/** An agent at work. */
export interface SshAgent {
  /** Hangs up on every program, and removes the socket. */
  stop(): Promise<void>;
}

/**
 * Serves the vault's SSH keys on a socket, by the agent protocol: they are listed and sign, and cannot be changed. The
 * keys are the vault's at each request; a private one is opened for one signature, and not kept.
 *
 * @throws PosternError address_in_use, address_unavailable, file_exists
 */
export async function startSshAgent(o: SshAgentOptions): Promise<SshAgent> {
  const limits = o.limits ?? usualLimits;
  const clients = new Set<Socket>();
  // A program may close its side and still wait for the answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
    serveClient(socket, (message, gone) => answer(o, readRequest(message), gone), limits);
  });
  server.maxConnections = limits.clients;
  await listenPrivately(server, o.socket);
  const unwatch = o.vault.watch(() => {}, o.troubled);
  return {
    stop: () => {
      unwatch();
      for (const client of clients) client.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(o: SshAgentOptions, request: Request, gone: AbortSignal): Promise<Buffer> {
  try {
    if (request.ask === "list") return list(o);
    if (request.ask === "sign") return (await sign(o, request, gone)) ?? failure();
  } catch (thrown) {
    o.troubled(asProblem(thrown));
  }
  return failure();
}

const keysOf = (vault: Vault): readonly Item[] => vault.items().filter(({ kind }) => kind === "ssh-key");

/** By the items' names: it is under these that people know them here. */
function list({ vault, used }: SshAgentOptions): Buffer {
  const keys = keysOf(vault).flatMap((item) => {
    const blob = publicBlobOf(item);
    return blob === undefined ? [] : [{ blob, comment: item.name }];
  });
  for (const { comment } of keys) used({ item: comment, action: "list" });
  return listed(keys);
}

async function sign(
  o: SshAgentOptions,
  { blob, data, flags }: Extract<Request, { ask: "sign" }>,
  gone: AbortSignal,
): Promise<Buffer | undefined> {
  // Several items may hold the same key.
  const holders = (): readonly Item[] => keysOf(o.vault).filter((item) => publicBlobOf(item)?.equals(blob));
  const asked = holders();
  const wary = o.confirm ? asked[0] : asked.find(asksFirst);
  if (wary !== undefined) {
    if (o.ask === undefined) throw problem("ssh_key_unconfirmed", { item: wary.name });
    const question = { item: wary.name, fingerprint: fingerprintOf(blob), purpose: purposeOf(data) };
    if (gone.aborted || !(await o.ask(question, gone))) return undefined;
  }
  // Again: a person takes their time, and the key may have been removed meanwhile.
  const [item] = holders();
  if (item === undefined) return undefined;
  const signature = await signSsh(await sshKeyOf(item), data, flags);
  if (signature === undefined) throw problem("ssh_sha1_refused", { item: item.name });
  o.used({ item: item.name, action: "sign" });
  return signed(signature);
}
