import { join } from "node:path";
import { path } from "../load/target.ts";
import { freePort } from "../stage.ts";
import type { Contender } from "./contender.ts";

const program = join(import.meta.dirname, "../node_modules/@portkey-ai/gateway/build/start-server.js");

/** The Portkey gateway, the nearest product on the same runtime. */
export const portkey: Contender = {
  name: "portkey",
  note: "cannot present a client certificate: it talks to a twin of the upstream that demands none",
  async prepare({ upstream, bearer, files, file }) {
    const port = await freePort();
    return {
      command: {
        file: process.execPath,
        args: [program, `--port=${port}`, "--headless"],
        env: { NODE_EXTRA_CA_CERTS: files.ca, NODE_ENV: "production" },
        log: file("portkey.log"),
      },
      target: {
        port,
        headers: {
          // It passes the application's own credential on.
          authorization: `Bearer ${bearer}`,
          "x-portkey-provider": "openai",
          "x-portkey-custom-host": `https://127.0.0.1:${upstream.open}${path.replace("/chat/completions", "")}`,
        },
      },
    };
  },
};
