import { renameSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { bringing, hashOf, makeKeys, startWithKeys } from "./local-keys.ts";

describe.each([1, 2])("while the vault cannot be read (workers: %i)", (workers) => {
  test("a local key that the file names no more is refused, and all is well when the vault is back", async () => {
    const { kept, revoked } = makeKeys("kept", "revoked");
    const keys = { kept: { hash: hashOf(kept) } };
    await using it = await startWithKeys({ ...keys, revoked: { hash: hashOf(revoked) } }, { workers });
    const statuses = async (key: string): Promise<readonly number[]> => {
      const all: number[] = [];
      for (let turn = 0; turn < 4; turn += 1)
        all.push((await it.gateway.ask({ target: "/private/v1/x", headers: bringing(key) })).status);
      return [...new Set(all)];
    };
    const reload = async (): Promise<unknown> =>
      (JSON.parse((await it.gateway.admin("/readyz")).text) as { reload: unknown }).reload;
    expect(await statuses(revoked)).toEqual([200]);
    const [vault, away] = [it.gateway.folder.file("vault.age"), it.gateway.folder.file("away")];
    renameSync(vault, away);
    await eventually(async () => expect(await reload()).toContain("there is no vault"));
    const listen = [it.gateway.base.replace("http://", "")];
    const admin = it.gateway.app.admin.replace("http://", "");
    it.gateway.write({ workers, listen, admin, keys, endpoints: { private: it.endpoint } });
    await eventually(async () => expect(await statuses(revoked)).toEqual([401]));
    expect(await statuses(kept)).toEqual([200]);
    expect(await reload()).toContain("configuration applied only in part");
    expect(await it.gateway.metric("postern_configuration_last_reload_successful")).toBe(0);
    renameSync(away, vault);
    await eventually(async () => expect(await reload()).toContain("applied at"));
    expect(await it.gateway.metric("postern_configuration_last_reload_successful")).toBe(1);
    expect([await statuses(revoked), await statuses(kept)]).toEqual([[401], [200]]);
  });
});
