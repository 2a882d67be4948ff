import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A folder as Kubernetes mounts one: each file is a link into `..data`, which is a link to a folder that is swapped. */
export class Mount {
  readonly path: string;
  #version = 0;

  constructor(path: string, files: Readonly<Record<string, string | Buffer>>) {
    this.path = path;
    mkdirSync(path);
    this.swap(files);
    for (const name of Object.keys(files)) symlinkSync(join("..data", name), join(path, name));
  }

  /** Puts other content in place of the old, as the kubelet does: written beside it, then one rename of the link. */
  swap(files: Readonly<Record<string, string | Buffer>>): void {
    const old = this.#version;
    this.#version += 1;
    const folder = `..v${this.#version}`;
    mkdirSync(join(this.path, folder));
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(this.path, folder, name), content, { mode: 0o600 });
    symlinkSync(folder, join(this.path, "..data_tmp"));
    renameSync(join(this.path, "..data_tmp"), join(this.path, "..data"));
    if (old > 0) rmSync(join(this.path, `..v${old}`), { recursive: true });
  }
}
