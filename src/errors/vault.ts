import { wrongRequest, failure, unfit, list } from "./entry.ts";

/** The vault. */
export const vaultErrors = {
  identity_exposed: failure(1, (d: { file: string; mode: string }) => [
    `others can read ${d.file}, which is for its owner alone (mode ${d.mode})`,
    `close it: chmod 600 ${d.file}`,
  ]),
  identity_invalid: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} is not an age identity: ${d.reason}`,
    "it must hold one line that begins with AGE-SECRET-KEY-1, as age-keygen and postern init write it",
  ]),
  identity_passphrase_wrong: failure(1, (d: { identity: string }) => [
    `the passphrase does not open the identity ${d.identity}`,
    "check it and try again; where it comes from a file, its last line break does not count, everything else does",
  ]),
  identity_too_costly: failure(1, (d: { identity: string; memory: string }) => [
    `the passphrase of the identity ${d.identity} asks for more than ${d.memory} of memory`,
    "write it anew with a lower work factor: open it with age -d, and encrypt it with age -p",
  ]),
  keyring_unavailable: failure(1, (d: { name: string; reason: string }) => [
    `the keyring, which holds the identity "${d.name}", cannot be used: ${d.reason}`,
    "install secret-tool (libsecret-tools) and unlock the session's keyring, or use identity: file:",
  ]),
  vault_missing: failure(1, (d: { file: string }) => [
    `there is no vault at ${d.file}`,
    "put it back from a copy, name another with vault: in postern.yaml, or start anew elsewhere: postern init --dir DIR",
  ]),
  vault_wrong_identity: failure(1, (d: { file: string; identity: string }) => [
    `${d.file} was not sealed for the identity ${d.identity}`,
    "use the identity.txt that was made with this vault",
  ]),
  vault_damaged: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} is damaged: ${d.reason}`,
    "put a backup of the file in its place",
  ]),
  vault_forged: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} was not written by the holder of its identity: ${d.reason}`,
    "put a backup in its place; to take over content written with age, add its items with postern vault add",
  ]),
  vault_rolled_back: failure(1, (d: { file: string; found: number; seen: number; mark: string }) => [
    `${d.file} is older than one that was seen before (generation ${d.found}, seen ${d.seen})`,
    `put the newer file back; if you restored a backup on purpose, remove ${d.mark}`,
  ]),
  vault_swapped: failure(1, (d: { file: string; mark: string }) => [
    `${d.file} is another vault than the one that was here before`,
    `put the right file back; if you changed it on purpose, remove ${d.mark}`,
  ]),
  vault_version: failure(1, (d: { file: string; version: string }) => [
    `${d.file} has the format version ${d.version}, which this Postern does not know`,
    "use a newer Postern",
  ]),
  vault_exposed: failure(1, (d: { file: string; mode: string }) => [
    `others can write the vault ${d.file} (mode ${d.mode})`,
    `look at what it holds, then close it: chmod 600 ${d.file}`,
  ]),
  vault_folder_exposed: failure(1, (d: { folder: string; mode: string }) => [
    `everybody can put other files into ${d.folder} (mode ${d.mode})`,
    `close the folder: chmod o-w ${d.folder}`,
  ]),
  vault_unconfirmed: failure(1, (d: { file: string }) => [
    `${d.file} was sealed for this identity by somebody else, and nobody has said yet that they are to be trusted`,
    "if you know who gave it to you: postern vault confirm",
  ]),
  vault_content_invalid: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} holds what this Postern does not understand: ${d.reason}`,
    "use a newer Postern; content written by hand must be as docs/vault-format.md says",
  ]),
  vault_mark_invalid: failure(1, (d: { mark: string; reason: string }) => [
    `${d.mark}, which says what vault was here last, cannot be trusted: ${d.reason}`,
    "if the vault beside it is the right one, remove the mark",
  ]),
  vault_busy: failure(1, (d: { file: string }) => [
    `another process has been changing ${d.file} for a long time`,
    "wait for it to end, or stop it, then try again",
  ]),
  recipient_refused: failure(1, (d: { reason: string; fix: string }) => [d.reason, d.fix]),
  export_invalid: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} is not an export of a vault: ${d.reason}`,
    "give a file that postern vault export wrote",
  ]),
  audit_off: wrongRequest(409, () => [
    "the use of the vault is not recorded: audit: in postern.yaml says off",
    "name a file there: audit: { to: file:audit.log }",
  ]),
  audit_unwritable: failure(1, (d: { file: string; reason: string }) => [
    `this use of the vault was not recorded: cannot write ${d.file}: ${d.reason}`,
    "make room or give access, or name another file with audit: in postern.yaml",
  ]),
  audit_exposed: failure(1, (d: { file: string; mode: string }) => [
    `others can read or write the audit log ${d.file} (mode ${d.mode})`,
    `close it: chmod 600 ${d.file}`,
  ]),
  item_exists: unfit(409, 1, (d: { name: string; kind: string }) => [
    `the vault has an item named "${d.name}" already (${d.kind})`,
    `choose another name, or remove it first: postern vault remove ${d.name}`,
  ]),
  item_unknown: unfit(404, 1, (d: { name: string; known: readonly string[] }) => [
    `the vault has no item named "${d.name}"; it holds: ${list(d.known, "nothing yet")}`,
    "postern vault list shows all items",
  ]),
  item_name_invalid: unfit(400, 2, (d: { name: string }) => [
    `"${d.name}" cannot be an item's name`,
    "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
  ]),
  item_in_use: unfit(409, 1, (d: { name: string; endpoints: readonly string[] }) => [
    `"${d.name}" is used by ${list(d.endpoints, "no endpoint")}, which cannot be called without it`,
    "name another credential for them first, or confirm it: anyway=true removes it, endpoints: true renames it in postern.yaml too",
  ]),
  item_not_waiting: unfit(409, 1, (d: { name: string }) => [
    `"${d.name}" has no request that waits for its answer`,
    `look at it with postern vault show ${d.name}; to give it another value, rotate it`,
  ]),
  item_changed: unfit(409, 1, (d: { name: string }) => [
    `"${d.name}" has got another value meanwhile, and keeps that`,
    `look at it with postern vault show ${d.name}, then try again`,
  ]),
  item_not_generated: unfit(409, 1, (d: { name: string; title: string }) => [
    `"${d.name}" (${d.title}) cannot be made anew here`,
    `give its new value: postern vault rotate ${d.name} --stdin, or --file FILE`,
  ]),
  item_without_previous: unfit(409, 1, (d: { name: string }) => [
    `"${d.name}" has no previous value`,
    "a previous value is kept by postern vault rotate, for the time that its --grace says",
  ]),
  kind_unknown: unfit(400, 2, (d: { kind: string; known: readonly string[] }) => [
    `"${d.kind}" is not a kind of item; the kinds are: ${list(d.known, "")}`,
    "postern vault add --help shows what each takes",
  ]),
  value_invalid: unfit(400, 1, (d: { name: string; reason: string; fix: string }) => [
    `the value for "${d.name}" was not taken: ${d.reason}`,
    d.fix,
  ]),
  field_invalid: unfit(400, 2, (d: { name: string; reason: string; fix: string }) => [
    `the item "${d.name}" was not taken: ${d.reason}`,
    d.fix,
  ]),
  certificate_unreadable: unfit(400, 1, (d: { source: string; reason: string }) => [
    `${d.source} holds no certificate that can be read: ${d.reason}`,
    "give the certificate and its private key as PEM (BEGIN CERTIFICATE), DER or PKCS#12",
  ]),
  certificate_without_key: unfit(400, 1, (d: { source: string }) => [
    `${d.source} holds a certificate without its private key`,
    "give the file that holds both, or the key's file too: on the command line with --key",
  ]),
  certificate_key_mismatch: unfit(400, 1, (d: { source: string; subject: string }) => [
    `the private key in ${d.source} is not the key of the certificate ${d.subject}`,
    "give the key that the certificate was made for",
  ]),
  certificate_not_requested: unfit(400, 1, (d: { source: string; subject: string; item: string }) => [
    `the certificate ${d.subject} in ${d.source} is not the answer to the request of "${d.item}": it is for another key`,
    `give the one that the CA made of that request; postern vault request ${d.item} prints it again`,
  ]),
  certificate_ca_unknown: unfit(404, 1, (d: { name: string }) => [
    `the vault does not hold the CA of the certificate "${d.name}": it came without it`,
    "ask whoever signed it; for the certificate alone: --public",
  ]),
  certificate_ca_expired: unfit(409, 1, (d: { name: string; expires: string }) => [
    `the CA of the certificate "${d.name}" ends at ${d.expires}, and can sign no new one`,
    "make a certificate with a new CA: postern vault add certificate NAME --generate",
  ]),
  pkcs12_unreadable: unfit(400, 1, (d: { source: string; reason: string }) => [
    `${d.source} cannot be read as PKCS#12: ${d.reason}`,
    "make it anew: openssl pkcs12 -export -inkey KEY.pem -in CERTIFICATE.pem -out NEW.p12, or give the PEM files with --pem and --key",
  ]),
  certificate_expired: unfit(400, 1, (d: { source: string; subject: string; expired: string }) => [
    `the certificate ${d.subject} in ${d.source} expired at ${d.expired}`,
    "give a certificate that is still valid",
  ]),
  certificate_not_yet_valid: unfit(400, 1, (d: { source: string; subject: string; from: string }) => [
    `the certificate ${d.subject} in ${d.source} is not valid before ${d.from}`,
    "check this machine's clock, or wait until then",
  ]),
  certificate_unusable: unfit(400, 1, (d: { source: string; subject: string; reason: string }) => [
    `the certificate ${d.subject} in ${d.source} cannot be used: ${d.reason}`,
    "get one for a key of P-256, P-384, P-521, Ed25519, Ed448, or RSA with 2048 bits or more",
  ]),
  key_unreadable: unfit(400, 1, (d: { source: string; reason: string }) => [
    `${d.source} holds no private key that can be read: ${d.reason}`,
    "give a PEM key: PKCS#8, SEC1 or PKCS#1 (OpenSSH format for SSH keys)",
  ]),
  key_encrypted: unfit(400, 1, (d: { source: string }) => [
    `the private key in ${d.source} is encrypted`,
    "give its passphrase; on the command line with --passphrase-file FILE, or - to type it",
  ]),
  passphrase_wrong: unfit(400, 1, (d: { source: string }) => [
    `the passphrase does not open the private key in ${d.source}`,
    "check the passphrase; of a passphrase file the last line break does not count, everything else does",
  ]),
} as const;
