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
    summary: "add, list, show, rotate and remove credentials, and look after the vault itself",
    load: () => import("./vault/vault.ts"),
  },
  {
    name: "endpoint",
    summary: "add, list, test and remove endpoints",
    load: () => import("./endpoint/endpoint.ts"),
  },
  {
    name: "key",
    summary: "add, list and remove the local keys of applications",
    load: () => import("./key.ts"),
  },
  { name: "serve", summary: "run the gateway", load: () => import("./serve.ts") },
  {
    name: "console",
    summary: "a one-time link to the console of the running gateway, in a browser where there is one",
    load: () => import("./console.ts"),
  },
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
    name: "run",
    summary: "run a program with the vault's environment variables and the gateway's base URLs",
    load: () => import("./run-command.ts"),
  },
  {
    name: "docker-credential",
    summary: "hand the vault's registry credentials to docker, podman and skopeo",
    load: () => import("./docker/docker-credential.ts"),
  },
  {
    name: "ssh-agent",
    summary: "list and sign with the vault's SSH keys, for ssh, git and the like",
    load: () => import("./ssh-agent.ts"),
  },
  {
    name: "audit",
    summary: "who used which credential, when and where",
    load: () => import("./audit.ts"),
  },
  {
    name: "sandbox",
    summary: "run a private endpoint on this machine to try things against",
    load: () => import("./sandbox.ts"),
  },
];
