import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRegistryHost, parseImageReference } from "../../src/vault/image-reference.ts";
import { dockerKey, registryFamily, registryOf, registryOfImage } from "../../src/vault/registry.ts";

const sha256 = `sha256:${"0a".repeat(32)}`;

describe("an image reference", () => {
  test.each([
    ["ubuntu", "docker.io", "library/ubuntu"],
    ["ubuntu:24.04", "docker.io", "library/ubuntu", "24.04"],
    ["localhost:5000", "docker.io", "library/localhost", "5000"],
    ["vllm/vllm-openai:v0.9.1", "docker.io", "vllm/vllm-openai", "v0.9.1"],
    ["docker.io/ubuntu", "docker.io", "library/ubuntu"],
    ["index.docker.io/vllm/vllm-openai", "docker.io", "vllm/vllm-openai"],
    ["localhost/app", "localhost", "app"],
    ["localhost:5000/app:1", "localhost:5000", "app", "1"],
    ["[::1]:5000/team/app", "[::1]:5000", "team/app"],
    ["10.0.0.7/app", "10.0.0.7", "app"],
    ["Registry/app", "registry", "app"],
    ["NVCR.io/nim/meta/llama-3.1-8b-instruct:latest", "nvcr.io", "nim/meta/llama-3.1-8b-instruct", "latest"],
    ["ghcr.io/a/b__c/d---e", "ghcr.io", "a/b__c/d---e"],
  ])("%s is read as Docker reads it", (text, registry, repository, tag?: string) => {
    expect(parseImageReference(text)).toEqual({ registry, repository, ...(tag !== undefined && { tag }) });
    expect(parseImageReference(`${text}@${sha256}`)).toMatchObject({ registry, repository, digest: sha256 });
  });

  test.each([
    "",
    ":",
    "/",
    "@",
    "ubuntu:",
    "ubuntu@",
    "Ubuntu",
    "a/B",
    "a//b",
    "/a",
    "a/",
    "-a",
    "a_",
    "a___b",
    "a..b",
    "a b",
    "registry.test:99999/app",
    "registry.test:x/app",
    "registry..test/app",
    "-registry.test/app",
    "registry.test/app:-1",
    `app:${"t".repeat(129)}`,
    "app@sha256:1234",
    `app@${sha256}z`,
    `app@${sha256}@${sha256}`,
    "user@registry.test/app",
    "registry.test/app?x=1",
    "ubuntu\n",
    `${"a/".repeat(128)}a`,
    "a".repeat(100_000),
  ])("%j is none", (text) => expect(parseImageReference(text)).toBeUndefined());

  test("whatever the text, reading it ends with a reference that reads the same again, or with none", () => {
    const piece = fc.constantFrom("a", "Z", "0", ".", "-", "_", "/", ":", "@", "[", "]", "sha256:", " ", "é");
    const noise = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(piece, { maxLength: 400 }).map(joined),
    );
    fc.assert(
      fc.property(noise, (text) => {
        registryOf(text);
        registryOfImage(text);
        const read = parseImageReference(text);
        if (read === undefined) return;
        const { registry, repository, tag, digest } = read;
        const whole = `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
        // "registry" alone would be a user of Docker Hub: only a capital letter had made it a host.
        if (/[.:]|^localhost$/.test(registry)) expect(parseImageReference(whole)).toEqual(read);
        expect(isRegistryHost(registry)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    "a-".repeat(60_000),
    `${"a.".repeat(500)}/`,
    `${"-".repeat(1000)}x`,
    "a:".repeat(500),
    "[:".repeat(500),
  ])("a text made to slow the reading down does not", (text) => {
    const start = process.cpuUsage().user;
    for (let count = 0; count < 20; count += 1) parseImageReference(text);
    expect(process.cpuUsage().user - start).toBeLessThan(5_000_000);
  });
});

describe("a registry", () => {
  test.each([
    "docker.io",
    "index.docker.io",
    "https://index.docker.io/v1/",
    "registry-1.docker.io",
    "https://registry-1.docker.io/v2/",
    "https://registry.hub.docker.com",
    "https://hub.docker.com/",
    "DOCKER.IO",
  ])("is Docker Hub as %s", (text) => expect(registryOf(text)).toBe("docker.io"));
  test.each([
    ["https://nvcr.io/v2/", "nvcr.io"],
    ["127.0.0.1:5000", "127.0.0.1:5000"],
    ["http://localhost:5000/v2/", "localhost:5000"],
    ["registry", "registry"],
    ["[::1]:5000", "[::1]:5000"],
  ])("%s is %s", (text, host) => expect(registryOf(text)).toBe(host));
  test.each([
    "",
    "https://",
    "library/ubuntu",
    "ghcr.io/team/app",
    "https://index.docker.io/v1/refresh-token",
    "user@nvcr.io",
    "nvcr.io?x",
    "nvcr.io#x",
    "ftp://nvcr.io",
    "a b",
  ])("%j is none", (text) => expect(registryOf(text)).toBeUndefined());

  test.each([
    ["ubuntu", "Docker Hub"],
    ["nvcr.io/nim/meta/llama-3.1-8b-instruct", "NVIDIA NGC", "$oauthtoken"],
    ["ghcr.io/huggingface/text-generation-inference", "GitHub Container Registry"],
    ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "Amazon ECR", "AWS"],
    ["123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/app", "Amazon ECR", "AWS"],
    ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app", "Amazon ECR", "AWS"],
    ["123456789012.dkr-ecr.us-east-1.on.aws/app", "Amazon ECR", "AWS"],
    ["public.ecr.aws/docker/library/ubuntu", "Amazon ECR Public", "AWS"],
    ["europe-west4-docker.pkg.dev/project/repo/app", "Google Artifact Registry"],
    ["gcr.io/project/app", "Google Container Registry"],
    ["us.gcr.io/project/app", "Google Container Registry"],
    ["team.azurecr.io/app", "Azure Container Registry"],
    ["team.westeurope.azurecr.cn/app", "Azure Container Registry"],
    ["registry.gitlab.com/team/app", "Docker-compatible registry"],
    ["localhost:5000/app", "Docker-compatible registry"],
    ["notnvcr.io/app", "Docker-compatible registry"],
    ["nvcr.io.evil.test/app", "Docker-compatible registry"],
    ["123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.test/app", "Docker-compatible registry"],
  ])("of the image %s is known as %s", (image, title, username?: string) => {
    const family = registryFamily(registryOfImage(image) ?? "");
    expect(family.title).toBe(title);
    expect(family.username).toBe(username);
  });
  test("of an image is found where the image is written as a URL, or as skopeo writes it", () => {
    expect(registryOfImage("https://ghcr.io/team/app")).toBe("ghcr.io");
    expect(registryOfImage("docker://registry-1.docker.io/library/ubuntu")).toBe("docker.io");
  });
  test("has Docker's own key", () => {
    expect(dockerKey("docker.io")).toBe("https://index.docker.io/v1/");
    expect(dockerKey("127.0.0.1:5000")).toBe("127.0.0.1:5000");
  });
});

const joined = (pieces: readonly string[]): string => pieces.join("");
