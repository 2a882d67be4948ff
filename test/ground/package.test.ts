import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { anchors, links } from "./markdown.ts";
import { files, root } from "./tree.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Package {
  readonly license: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(read("package.json")) as Package;
const lock = JSON.parse(read("package-lock.json")) as {
  readonly packages: Readonly<Record<string, Package>>;
};

describe("the package", () => {
  test.each(["package-lock.json", ".npmrc"])("%s names no registry host", (path) => {
    expect(read(path)).not.toMatch(/"resolved": "(?!tools\/)|registry\s*=|_auth/);
  });
  test("pins every dependency exactly", () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
  test("names the dependencies that its lock file names", () => {
    expect(lock.packages[""]).toMatchObject({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
    expect(lock.packages[""]?.dependencies).toEqual(manifest.dependencies);
    expect(lock.packages[""]?.devDependencies).toEqual(manifest.devDependencies);
  });
  test("ships only what exists", () => {
    // `dist` is the compiler's output, made when the package is.
    const shipped = [...manifest.files.filter((path) => path !== "dist"), ...Object.values(manifest.bin)];
    expect(shipped.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
  test("is built with the console in it: after the bundle, which clears the folder first", () => {
    expect(manifest.scripts["build"]).toMatch(/ rolldown -c && vite build$/);
    expect(read("rolldown.config.ts")).toContain("cleanDir: true");
  });
  test("is licensed under Apache-2.0, in the licence's own words", () => {
    expect(manifest.license).toBe("Apache-2.0");
    expect(read("LICENSE")).toMatch(/^\s*Apache License\s+Version 2\.0, January 2004/);
    expect(read("LICENSE")).toContain("END OF TERMS AND CONDITIONS");
  });
});

const documents = files().filter((path) => path.endsWith(".md"));

describe("the documents", () => {
  test.each(documents)("every link of %s leads somewhere", (path) => {
    const broken = links(read(path)).filter((target) => {
      const [file = "", anchor] = target.split("#");
      const found = file === "" ? path : join(dirname(path), decodeURIComponent(file));
      if (!existsSync(join(root, found))) return true;
      return anchor !== undefined && found.endsWith(".md") && !anchors(read(found)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
  test("a link into the repository is told from a link into the world and from code", () => {
    const text =
      "[a](b.md#c) [d](https://example.com) ![e](<f g.png>) `[h](i.md)`\n```\n[j](k.md)\n```\n[l]: m.md\n";
    expect(links(text)).toEqual(["b.md#c", "f g.png", "m.md"]);
    expect(anchors("# A `b`: c, d\n## E\n## E\n```\n# no\n```\n")).toEqual(["a-b-c-d", "e", "e-1"]);
  });
});

/** What must not be in the tree. Written as patterns, these do not find themselves. Ada lives in the documents only. */
const forbidden: Readonly<Record<string, RegExp>> = {
  "a private key": /^-{5}BEGIN [A-Z ]*PRIVATE KEY-{5}\s+[A-Za-z0-9+/=]{16}/m,
  "a certificate": /^-{5}BEGIN CERTIFICATE-{5}\s+[A-Za-z0-9+/=]{16}/m,
  "an age identity": /AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{50}/,
  "a path of somebody's machine": /(?<![\w.~$}-])\/(?:home|Users|work|root)\/(?!ada\/)[\w.-]+\//,
};

describe("the tree", () => {
  test.each(Object.entries(forbidden))("holds no file with %s", (_, pattern) => {
    expect(files().filter((path) => pattern.test(read(path)))).toEqual([]);
  });
  test("is searched for what would really stand there", () => {
    const key = ["-----BEGIN EC PRIVATE KEY-----", "MHcCAQEEIBlahblahblah"];
    const certificate = ["-----BEGIN CERTIFICATE-----", "MIIBlahblahblahblah"];
    const samples = [
      key.join("\n"),
      certificate.join("\n"),
      ["AGE-SECRET-KEY", "1".concat("Q".repeat(58))].join("-"),
      ["see ", "home", "somebody", "postern"].join("/"),
    ];
    const patterns = Object.values(forbidden);
    expect(samples.map((sample) => patterns.findIndex((pattern) => pattern.test(sample)))).toEqual([
      0, 1, 2, 3,
    ]);
  });
});
