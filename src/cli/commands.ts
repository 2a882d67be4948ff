import type { Command } from "commander";
import type { Io } from "./io.ts";

/** What a file of this folder exports: the command, bound to where it reads and writes. */
export interface CommandModule {
  readonly define: (io: Io) => Command;
}

/** The commands in the order of the help text. Each is loaded only when it is called: `vault list` loads no server. */
export const commands: readonly {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}[] = [
  {
    name: "demo",
    summary: "a private endpoint, a vault and the gateway on this machine, and one streamed chat",
    load: () => import("./demo.ts"),
  },
  {
    name: "init",
    summary: "write a configuration, an identity and an empty vault",
    load: () => import("./init.ts"),
  },
  {
    name: "vault",
    summary: "add, list, show, download, rename and remove credentials",
    load: () => import("./vault.ts"),
  },
  { name: "endpoint", summary: "add, list, test and remove endpoints", load: () => import("./endpoint.ts") },
  { name: "serve", summary: "run the gateway", load: () => import("./serve.ts") },
  {
    name: "check",
    summary: "validate configuration, vault and certificates without serving",
    load: () => import("./check.ts"),
  },
  {
    name: "doctor",
    summary: "what is set up, what is missing, what expires soon",
    load: () => import("./doctor.ts"),
  },
  {
    name: "sandbox",
    summary: "run a private endpoint on this machine to try things against",
    load: () => import("./sandbox.ts"),
  },
];
