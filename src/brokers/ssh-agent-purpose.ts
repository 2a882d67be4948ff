import { CutOff, WireReader } from "../vault/ssh/ssh-wire.ts";

/** SSH_MSG_USERAUTH_REQUEST (RFC 4252 §6). */
const userauthRequest = 50;

/**
 * What a signature over this data is good for, for the person who is asked: a login (RFC 4252 §7), a signed file or
 * commit (OpenSSH's PROTOCOL.sshsig), or something unknown.
 */
export function purposeOf(data: Buffer): string {
  return login(data) ?? signedFile(data) ?? `sign ${data.length} bytes of an unknown form`;
}

function login(data: Buffer): string | undefined {
  return readAll(data, (reader) => {
    reader.string(); // the session's id
    if (reader.byte() !== userauthRequest) return undefined;
    const user = reader.string();
    reader.string(); // the service: ssh-connection
    return `log in as ${quoted(user)}`;
  });
}

function signedFile(data: Buffer): string | undefined {
  return readAll(data, (reader) => {
    if (reader.bytes(6).toString("latin1") !== "SSHSIG") return undefined;
    return `sign something of the namespace ${quoted(reader.string())}`;
  });
}

function readAll(data: Buffer, read: (reader: WireReader) => string | undefined): string | undefined {
  try {
    return read(new WireReader(data));
  } catch (error) {
    if (error instanceof CutOff) return undefined;
    throw error;
  }
}

/** What another program wrote, as a terminal may see it: no more than visible ASCII, and not much. */
const quoted = (text: Buffer): string =>
  `"${text
    .subarray(0, 64)
    .toString("latin1")
    .replaceAll(/[^\x20-\x7e]/g, "?")}"`;
