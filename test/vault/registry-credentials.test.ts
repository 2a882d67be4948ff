import { beforeEach, describe, expect, test } from "vitest";
import { Desk } from "./desk.ts";

describe("vault add registry-credentials", () => {
  const password = "canary-registry-e83b5f2a9c6d1704";
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.make();
    return () => desk[Symbol.dispose]();
  });
  const add = (args: readonly string[], stdin = password) =>
    desk.vault(["add", "registry-credentials", "it", ...args, "--stdin"], { stdin });

  test.each([
    [["--image", "nvcr.io/nim/meta/llama-3.1-8b-instruct"], "nvcr.io", "$oauthtoken"],
    [["--image", "nvcr.io/nim/x", "--username", "$oauthtoken"], "nvcr.io", "$oauthtoken"],
    [["--image", "vllm/vllm-openai:latest", "--username", "me"], "docker.io", "me"],
    [["--username", "me"], "docker.io", "me"],
    [["--registry", "https://index.docker.io/v1/", "--username", "me"], "docker.io", "me"],
    [
      ["--image", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app"],
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
      "AWS",
    ],
    [["--image", "ghcr.io/team/app", "--registry", "ghcr.io", "--username", "me"], "ghcr.io", "me"],
    [["--registry", "[::1]:5000", "--username", "me"], "[::1]:5000", "me"],
  ])("%j is for %s, as %s", async (args, registry, username) => {
    expect(await add(args)).toMatchObject({ status: 0, stderr: "" });
    expect((await desk.open()).get("it").facts).toEqual({ registry, username });
  });

  test.each([
    [["--image", "no image"], /"no image" is not an image's name/],
    [["--registry", "library/ubuntu", "--username", "me"], /is not a registry's host/],
    [
      ["--image", "ghcr.io/a/b", "--registry", "nvcr.io"],
      /the image is of ghcr\.io, and the registry is nvcr\.io/,
    ],
    [["--image", "ghcr.io/a/b"], /its user name is missing/],
    [
      ["--image", "nvcr.io/nim/x", "--username", "me@example.com"],
      /NVIDIA NGC knows no user name but \$oauthtoken/,
    ],
    [["--registry", "ghcr.io", "--username", "a:b"], /colon/],
  ])("%j is refused", async (args, message) => {
    const { status, stderr } = await add(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect((await desk.open()).items()).toEqual([]);
  });

  test("takes a service account's key file as the one line that it may be, and no other text for it", async () => {
    const google = ["--image", "europe-west4-docker.pkg.dev/p/r/app", "--username", "_json_key"];
    const refused = await add(google, `{"private_key": ${password}`);
    expect(refused.stderr).toMatch(/service account's key file, and this is not JSON/);
    expect(refused.stderr).not.toContain(password);
    const key = { type: "service_account", private_key: `-----BEGIN\n${password}\n` };
    expect(await add(google, JSON.stringify(key, null, 2))).toMatchObject({ status: 0 });
    expect((await desk.open()).get("it").secrets["password"]?.expose()).toBe(JSON.stringify(key));
  });
});
