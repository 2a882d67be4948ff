import { formatAddress, parseAddress, type WrittenAddress } from "./address.ts";
import type { Address } from "./config.ts";
import { parsePath } from "./file-path.ts";
import type { Report } from "./report.ts";
import type { Path } from "./source.ts";

/** The longest path of a Unix socket that both Linux (107 bytes) and macOS (103) take. */
const longestSocketBytes = 103;

/** Reads every place to listen in the file, and notes each that is taken twice. */
export class Listeners {
  readonly #report: Report;
  readonly #folder: string;
  readonly #beyondLoopback: boolean;
  /** Each address taken so far, and the key that took it: undefined when that key is not written in the file. */
  readonly #taken = new Map<string, { key: string; written: Path | undefined }>();

  /** @param beyondLoopback whether listeners may be where other machines can reach them */
  constructor(report: Report, folder: string, beyondLoopback: boolean) {
    this.#report = report;
    this.#folder = folder;
    this.#beyondLoopback = beyondLoopback;
  }

  /**
   * The addresses at `path`: one text or a list of them; `otherwise` stands when the key is not written. The admin
   * listener's is never beyond the loopback.
   */
  take(
    path: Path,
    written: string | readonly string[] | null | undefined,
    otherwise: readonly string[],
  ): readonly Address[] {
    const beyond = this.#beyondLoopback && path[0] !== "admin";
    const found = written ?? otherwise;
    const texts = typeof found === "string" ? [found] : found;
    return texts.flatMap((text, index) => {
      const at = typeof found === "string" ? path : [...path, index];
      const parsed = this.#report.take(at, parseAddress(text, beyond)) ?? [];
      const addresses = parsed.flatMap((address) => this.#resolved(address, at));
      // The same text for both families is one clash, not two.
      const clash = addresses.some((address) => this.#clashes(address, at, written ? at : undefined));
      return clash ? [] : addresses;
    });
  }

  #resolved(address: WrittenAddress, at: Path): readonly Address[] {
    if (!("socket" in address)) return [address];
    const socket = this.#report.take(at, parsePath(address.socket, this.#folder));
    return socket === undefined ? [] : [{ socket }];
  }

  #clashes(address: Address, at: Path, written: Path | undefined): boolean {
    if ("socket" in address && Buffer.byteLength(address.socket) > longestSocketBytes) {
      this.#report.add(
        at,
        `the socket's path ${address.socket} is longer than ${longestSocketBytes} bytes`,
        "choose a shorter one",
      );
      return true;
    }
    // The system chooses another port for each.
    if ("port" in address && address.port === 0) return false;
    const text = formatAddress(address);
    const key = at
      .slice(0, 3)
      .filter((step) => typeof step === "string")
      .join(".");
    const other = this.#taken.get(text);
    if (other === undefined) {
      this.#taken.set(text, { key, written });
      return false;
    }
    const message =
      other.key === key ? `${text} is named twice` : `${text} is taken twice: by ${other.key} and by ${key}`;
    this.#report.add(
      written ?? other.written ?? at,
      message,
      "give each its own port, or port 0 to let the system choose",
    );
    return true;
  }
}
