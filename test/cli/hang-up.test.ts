import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { createVault } from "../../src/vault/vault.ts";
import { fromCommand } from "../gateway/token-sources.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { put, textOf } from "../support/gateway.ts";
import { Program, readyLine } from "../support/process.ts";

test.each([1, 2])(
  "SIGHUP while the gateway starts reloads it when it is ready, with %i worker(s)",
  async (workers) => {
    using folder = new Folder();
    const vault = await createVault({
      file: folder.file("vault.age"),
      identity: folder.file("identity.txt"),
    });
    // The gateway waits for this one's token, for up to five seconds, before it is ready.
    const [begun, goOn] = [folder.file("begun"), folder.file("go-on")];
    const command = `touch ${begun}; while ! test -e ${goOn}; do sleep 0.05; done; echo canary-token-0123`;
    await put(vault, "token", fromCommand(command, "1h"));
    const config = folder.write(
      "postern.yaml",
      textOf({
        workers,
        endpoints: { private: { url: "https://127.0.0.1:1/v1", credentials: ["token"] } },
      }),
    );
    await using program = new Program("bin/postern", ["serve", "--config", config]);
    await eventually(() => expect(existsSync(begun)).toBe(true));
    process.kill(program.pid, "SIGHUP");
    folder.write("go-on", "");
    const { admin } = await readyLine(program);
    await eventually(() => expect(program.stderr).toContain('"msg":"reloaded"'));
    expect((await fetch(`${admin}/healthz`)).status).toBe(200);
    expect((await program.stop()).status).toBe(0);
  },
);
