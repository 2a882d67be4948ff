import { Busboy, type BusboyHeaders, type BusboyInstance } from "@fastify/busboy";
import { limits } from "./limits.ts";
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
    for (const field of ['name="model"', "name=model"]) {
      const at = read.indexOf(field);
      const from = at < 0 ? -1 : read.indexOf("\r\n\r\n", at) + 4;
      const to = from + Buffer.byteLength(found.model);
      if (
        from >= 4 &&
        read.toString("utf8", from, to) === found.model &&
        read.toString("latin1", to, to + 4) === "\r\n--"
      )
        return { model: found.model, from, to };
    }
    return undefined;
  }
}
