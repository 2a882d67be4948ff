import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addEachType, SshStage, sshTypes } from "./ssh-stage.ts";
import { Sshd } from "./sshd.ts";

let stage: SshStage;
let sshd: Sshd;
beforeAll(async () => {
  stage = await SshStage.start(addEachType);
  const items = (await stage.desk.open()).items();
  for (const { name } of items) await stage.desk.vault(["download", name]);
  sshd = await Sshd.start(items.map(({ facts }) => facts["publicKey"] ?? ""));
});
afterAll(async () => {
  await sshd[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** Logs in with the one key of this type. */
function login(type: string, ...options: readonly string[]) {
  const key = stage.desk.folder.file(`${type.toLowerCase()}.pub`);
  return stage.run("ssh", sshd.login("echo in", `IdentityFile=${key}`, "IdentitiesOnly=yes", ...options));
}

describe.each(sshTypes)("%s", (type) => {
  test("opens a real sshd, and a command runs there", async () => {
    expect(await login(type)).toMatchObject({ status: 0, stdout: "in\n" });
  });
});

test.each(["rsa-sha2-256", "rsa-sha2-512"])(
  "an RSA key signs with %s where that is asked for",
  async (algorithm) => {
    expect(await login("RSA-3072", `PubkeyAcceptedAlgorithms=${algorithm}`)).toMatchObject({ status: 0 });
  },
);

test("an RSA key never signs with SHA-1, also where the client asks for it", async () => {
  const said = await login("RSA-3072", "PubkeyAcceptedAlgorithms=ssh-rsa");
  expect(said).toMatchObject({ status: 255, stdout: "" });
});

test("without one of the keys the sshd is closed", async () => {
  expect(await stage.run("ssh", sshd.login("echo in", "IdentityAgent=none"))).toMatchObject({ status: 255 });
});

test("ten logins at once all succeed", async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => login("P-256")));
  expect(all).toEqual(all.map(() => expect.objectContaining({ status: 0, stdout: "in\n" })));
});
