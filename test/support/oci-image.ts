import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Writes the smallest image that registries take, as an OCI layout, and returns its folder. */
export function writeOciImage(folder: string): string {
  const blobs = join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const blob = (mediaType: string, bytes: Buffer) => {
    const hash = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(blobs, hash), bytes);
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  // A tar archive without files is two blocks of zeros.
  const tar = Buffer.alloc(1024);
  const layer = blob("application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(tar));
  const diff = `sha256:${createHash("sha256").update(tar).digest("hex")}`;
  const config = blob(
    "application/vnd.oci.image.config.v1+json",
    json({ architecture: "amd64", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [diff] } }),
  );
  const type = "application/vnd.oci.image.manifest.v1+json";
  const manifest = blob(type, json({ schemaVersion: 2, mediaType: type, config, layers: [layer] }));
  writeFileSync(join(folder, "index.json"), json({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(folder, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  return folder;
}
