import { once } from "node:events";
import { isAbsolute, join, resolve } from "node:path";
import { Command } from "commander";
import { startSshAgent } from "../brokers/ssh-agent.ts";
import { problem } from "../errors.ts";
import { asksFirst } from "../vault/kinds/ssh-key.ts";
import { type Io, say } from "./io.ts";
import { configOption } from "./place.ts";
import { isInteractive } from "./prompt.ts";
import { quote } from "./quote.ts";
import { Confirmation } from "./ssh-confirm.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { type Opened, openFor } from "./vault/vault-open.ts";

interface Options {
  readonly config?: string;
  readonly socket?: string;
  readonly confirm?: true;
}

const help = `
The first line on standard output tells a shell where the socket is, as ssh-agent does. It runs until it is
interrupted (Ctrl-C), and removes the socket then. Keys are added and removed with postern vault; a running
agent sees it within a second.

Example:
  postern ssh-agent --socket ~/.ssh/postern.sock
  SSH_AUTH_SOCK=~/.ssh/postern.sock ssh-add -l      # in another terminal`;

/** `postern ssh-agent`: the vault's SSH keys for the programs of this user, until it is told to end. */
export function define(io: Io): Command {
  return new Command("ssh-agent")
    .description("serve the vault's SSH keys to ssh, git, rsync and the like")
    .option(...configOption)
    .option(
      "--socket <path>",
      "where programs find it (default: postern/ssh-agent.sock in XDG_RUNTIME_DIR, else a temporary folder)",
    )
    .option("--confirm", "ask on this terminal before each use of a key")
    .addHelpText("after", help)
    .action(async (options: Options) => {
      if (options.confirm && !isInteractive(io))
        throw problem("usage", {
          message: "--confirm asks on the terminal, and there is none",
          hint: "run it in a terminal of its own, without redirecting its input or its errors",
        });
      const opened = await openFor(io, options.config, "ssh-agent");
      io.hold();
      const { socket } = options;
      const runtime = io.env["XDG_RUNTIME_DIR"];
      if (socket !== undefined) return serve(io, opened, options, resolve(io.cwd, socket));
      if (runtime !== undefined && isAbsolute(runtime))
        return serve(io, opened, options, join(runtime, "postern/ssh-agent.sock"));
      await using folder = await temporaryFolder("postern-ssh-agent-");
      await serve(io, opened, options, join(folder.path, "agent.sock"));
    });
}

async function serve(io: Io, { vault, record }: Opened, o: Options, socket: string): Promise<void> {
  const confirm = o.confirm === true;
  const interrupted = new AbortController();
  const ended = AbortSignal.any([io.ended, interrupted.signal]);
  const confirmation = isInteractive(io) ? new Confirmation(io, () => interrupted.abort()) : undefined;
  const agent = await startSshAgent({
    vault,
    socket,
    confirm,
    ask: confirmation && ((question, gone) => confirmation.ask(question, gone)),
    used: record,
    troubled: ({ message, hint }) => io.stderr.write(`error: ${message}\nhint: ${hint}\n`),
  });
  try {
    if (confirm || vault.items().some(asksFirst)) confirmation?.begin();
    say(io, `SSH_AUTH_SOCK=${quote(socket)}; export SSH_AUTH_SOCK;`);
    if (!ended.aborted) await once(ended, "abort");
  } finally {
    confirmation?.end();
    await agent.stop();
  }
}
