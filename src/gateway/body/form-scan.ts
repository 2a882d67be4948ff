import { Busboy, type BusboyHeaders, type BusboyInstance } from "@fastify/busboy";
import { limits } from "../limits.ts";
import type { FoundModel } from "./model-scan.ts";

/** Finds the field `model` of a multipart form as the body arrives. Files are read past, never held. */
export class FormScan {
  found: FoundModel | undefined;
  hopeless: string | undefined;
  readonly #parser: BusboyInstance;

  /** @param contentType with its boundary. Throws when it has none. */
  constructor(contentType: string) {
    const headers: BusboyHeaders = { "content-type": contentType };
    this.#parser = new Busboy({ headers, limits: { fieldSize: limits.modelBytes } });
    this.#parser.on("file", (_name, file) => file.resume());
    this.#parser.on("field", (name, value, _nameCut, valueCut) => {
      if (name !== "model" || this.found !== undefined) return;
      if (valueCut) this.hopeless = "the model's name is too long";
      else this.found = { model: value, from: -1, to: -1 };
    });
    this.#parser.on("error", () => (this.hopeless = "the form is malformed"));
  }

  async feed(chunk: Buffer): Promise<void> {
    if (this.found !== undefined || this.hopeless !== undefined) return;
    await new Promise<void>((taken) => this.#parser.write(chunk, () => taken()));
  }

  /** The body has ended. */
  end(): void {
    this.#parser.destroy();
  }

  /** Where the model's value stands in what was read; needed only to put another name in its place. */
  locate(read: Buffer): FoundModel | undefined {
    const { found } = this;
    if (found === undefined) return undefined;
    for (const field of ['name="model"', "name=model"])
      // A file before the field can hold the same words, and `filename="model"` ends in them.
      for (let at = read.indexOf(field); at >= 0; at = read.indexOf(field, at + 1)) {
        const end = read.subarray(at, at + limits.modelBytes).indexOf("\r\n\r\n");
        const from = at + end + 4;
        const to = from + Buffer.byteLength(found.model);
        if (
          end >= 0 &&
          "; \t".includes(read.toString("latin1", at - 1, at)) &&
          read.toString("utf8", from, to) === found.model &&
          read.toString("latin1", to, to + 4) === "\r\n--"
        )
          return { model: found.model, from, to };
      }
    return undefined;
  }
}
