/** What holds the sealed vault, and beside it the mark of the generation that was seen last. */
export interface Store {
  /** The vault's and the mark's names, for messages. */
  readonly names: { readonly file: string; readonly mark: string };
  /** The sealed vault. Throws `vault_missing`, `vault_exposed` or `file_unreadable`. */
  readonly read: () => Promise<Uint8Array>;
  /** The backups that can be looked through, the newest first, by the paths that `readBackup` takes. */
  readonly backups: () => Promise<readonly string[]>;
  /** A backup's sealed bytes, wherever it lies. Throws as `read` does. */
  readonly readBackup: (path: string) => Promise<Uint8Array>;
  /** Undefined where there is none. */
  readonly readMark: () => Promise<string | undefined>;
  /** Puts a new vault in place. Throws `file_exists` where one is; leaves nothing behind when it fails. */
  readonly create: (sealed: Uint8Array, mark: string) => Promise<void>;
  /**
   * Runs `work` while no other process changes the vault, and returns what it returns. Throws `vault_busy` when another
   * has held it for `patienceMs`, by default about 10 seconds.
   */
  readonly locked: <T>(work: (writer: Writer) => Promise<T>, patienceMs?: number) => Promise<T>;
  /** A short text, cheap to get, that changes whenever the sealed vault does. Never throws. */
  readonly fingerprint: () => Promise<string>;
  /** Calls `nudge` when the vault may have changed; it may miss a change. Returns what ends it. */
  readonly watch: (nudge: () => void) => () => void;
}

/** What the holder of the lock may do. `write` and `writeMark` replace the whole, durably, or leave what was there. */
export interface Writer {
  readonly write: (sealed: Uint8Array) => Promise<void>;
  readonly writeMark: (text: string) => Promise<void>;
  /** Keeps the vault as it is now, of this generation and this SHA-256, and drops the oldest beyond a bounded number. */
  readonly keep: (generation: number, sha256: string) => Promise<void>;
  /** Removes the backups of generations before this one. Throws `file_unwritable`. */
  readonly dropBackups: (before: number) => Promise<void>;
}
