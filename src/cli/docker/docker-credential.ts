import { Command } from "commander";
import {
  answerOf,
  dockerActions,
  DockerCredentials,
  type HelperAnswer,
} from "../../brokers/docker-credential.ts";
import { Secret } from "../../secret.ts";
import { defineInstall, defineUninstall } from "./docker-credential-install.ts";
import { definePullSecret } from "./docker-credential-pull-secret.ts";
import { Exit, type Io, say } from "../io.ts";
import { configOption } from "../place.ts";
import { openFor } from "../vault/vault-open.ts";

/** More than any request of Docker's tools takes. */
const largestBytes = 1024 * 1024;

const does: Readonly<Record<(typeof dockerActions)[number], string>> = {
  get: "answer with the credentials for the registry that is named on standard input",
  list: "answer with the user name at each registry",
  store: "keep the credentials that stand on standard input, as docker login hands them over",
  erase: "remove the credentials for the registry that is named on standard input",
};

const examples: Readonly<Record<(typeof dockerActions)[number], string>> = {
  get: "echo nvcr.io | postern docker-credential get",
  list: "postern docker-credential list",
  store: "docker login -u ada registry.example.com, which calls it",
  erase: "echo nvcr.io | postern docker-credential erase",
};

/** `postern docker-credential`: Docker's credential-helper protocol, and what has Docker use it. */
export function define(io: Io): Command {
  const command = new Command("docker-credential")
    .description("hand the vault's registry credentials to docker, podman and skopeo")
    .addHelpText("after", "\nExample: echo nvcr.io | postern docker-credential get");
  for (const action of dockerActions)
    command.addCommand(
      new Command(action)
        .description(does[action])
        .option(...configOption)
        .addHelpText(
          "after",
          `\nDocker's tools call it as docker-credential-postern; what is wrong is said on standard output, as they expect.\n\nExample: ${examples[action]}`,
        )
        .action((o: { config?: string }) => answer(io, action, o.config)),
    );
  return command
    .addCommand(defineInstall(io))
    .addCommand(defineUninstall(io))
    .addCommand(definePullSecret(io));
}

async function answer(
  io: Io,
  action: (typeof dockerActions)[number],
  config: string | undefined,
): Promise<void> {
  const { ok, text } = await answered(io, action, config);
  if (text.expose() !== "") say(io, text.expose());
  if (!ok) throw new Exit(1);
}

async function answered(
  io: Io,
  action: (typeof dockerActions)[number],
  config: string | undefined,
): Promise<HelperAnswer> {
  try {
    // A person who types `list` has nothing to say on standard input.
    const input = action === "list" ? new Secret("") : await readRequest(io);
    const { vault, record } = await openFor(io, config, `docker-credential ${action}`);
    return await new DockerCredentials(vault, record).perform(action, input);
  } catch (error) {
    return answerOf(error);
  }
}

async function readRequest(io: Io): Promise<Secret> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of io.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largestBytes) break;
  }
  return new Secret(Buffer.concat(chunks).toString("utf8"));
}
