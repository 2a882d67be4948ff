import { describe, expect, test } from "vitest";
import { bad, good } from "./support.ts";

const endpoint = (more: string): string => `endpoints: { one: { url: one.test, credentials: t, ${more} } }`;

describe("a path that begins with ~ is refused rather than a folder of that name made", () => {
  test.each([
    ["vault", "vault: file:~/vault.age"],
    ["identity", "identity: file:~/identity.txt"],
    ["passphrase", "passphrase: file:~ada/passphrase.txt"],
    ["admin-token", "admin-token: file:~/admin-token"],
    ["audit.to", "audit: { to: file:~/audit.log }"],
    ["listen[1]", "listen: [127.0.0.1:8080, unix:~/run/postern.sock]"],
    ["admin", "admin: unix:~/run/admin.sock"],
    ["endpoints.one.listen", endpoint("listen: unix:~/run/one.sock")],
    ["endpoints.one.ca", endpoint("ca: ~/ca.pem")],
  ])("%s", (key, text) => {
    const problems = bad(`${text}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${key}: found a path that begins with ~`);
    expect(problems[0]).toContain("write the path out");
  });
});

test("a file whose name begins with ~ is named with ./ before it", () => {
  expect(good("vault: file:./~vault.age\n").vault).toBe("/etc/postern/~vault.age");
});
