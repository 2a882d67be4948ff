import { CutOff, string, uint32, WireReader } from "../vault/ssh/ssh-wire.ts";

// The messages of the agent protocol (draft-ietf-sshm-ssh-agent). ssh2's AgentProtocol, as a server, loses its place in
// the stream after each request that it refuses, keeps messages of any size, and signs for RSA with SHA-1 unless told
// otherwise; ssh sends one that is refused, session-bind@openssh.com, before every login.

/** The numbers of the messages (§8.1). */
const numbers = { failure: 5, list: 11, listed: 12, sign: 13, signed: 14 } as const;

/** What a program asks of the agent. */
export type Request =
  | { readonly ask: "list" }
  | { readonly ask: "sign"; readonly blob: Buffer; readonly data: Buffer; readonly flags: number }
  /** To add, remove or lock keys, extensions, and what is no request at all. */
  | { readonly ask: "other" };

/** Reads a message without its length. */
export function readRequest(message: Buffer): Request {
  const reader = new WireReader(message);
  try {
    const number = reader.byte();
    if (number === numbers.list && reader.done) return { ask: "list" };
    if (number !== numbers.sign) return { ask: "other" };
    const request = {
      ask: "sign",
      blob: reader.string(),
      data: reader.string(),
      flags: reader.uint32(),
    } as const;
    return reader.done ? request : { ask: "other" };
  } catch (error) {
    if (error instanceof CutOff) return { ask: "other" };
    throw error;
  }
}

/** The answer to whatever is not done. The protocol knows no reasons. */
export const failure = (): Buffer => string(Buffer.of(numbers.failure));

/** The answer to `list`: public halves, and what people call them. */
export const listed = (keys: readonly { readonly blob: Buffer; readonly comment: string }[]): Buffer =>
  string(
    Buffer.concat([
      Buffer.of(numbers.listed),
      uint32(keys.length),
      ...keys.flatMap(({ blob, comment }) => [string(blob), string(comment)]),
    ]),
  );

/** The answer to `sign`. */
export const signed = (signature: Buffer): Buffer =>
  string(Buffer.concat([Buffer.of(numbers.signed), string(signature)]));
