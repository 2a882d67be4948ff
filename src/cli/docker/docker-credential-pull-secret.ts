import { resolve } from "node:path";
import { Command } from "commander";
import { pullSecret, type SecretPlace } from "../../brokers/pull-secret.ts";
import { problem } from "../../errors.ts";
import { recorded } from "../../vault/audit/audit.ts";
import { replace } from "../../replace.ts";
import { type Io, say } from "../io.ts";
import { configOption } from "../place.ts";
import { openFor } from "../vault/vault-open.ts";

interface Options extends SecretPlace {
  readonly out?: string;
  readonly reveal?: true;
  readonly config?: string;
}

/** `postern docker-credential pull-secret`: registry credentials as a Kubernetes Secret. */
export function definePullSecret(io: Io): Command {
  return new Command("pull-secret")
    .description("write registry credentials as a Kubernetes image pull secret; it holds the password")
    .argument("<item>", "the registry credentials' name in the vault")
    .option("--name <name>", "the Secret's name (default: the item's)")
    .option("--namespace <namespace>", "its namespace (default: the one that it is applied in)")
    .option("--out <file>", "write it to a new file that only you can read")
    .option("--reveal", "print it to standard output")
    .option(...configOption)
    .addHelpText(
      "after",
      "\nExample: postern docker-credential pull-secret ngc --namespace models --reveal | kubectl apply -f -",
    )
    .action(async (name: string, o: Options) => {
      if ((o.out === undefined) === (o.reveal === undefined))
        throw problem("usage", {
          message: "the manifest holds the password, so it is written only where you say",
          hint: "give either --out FILE, or --reveal for standard output",
        });
      const { vault, record } = await openFor(io, o.config, "docker-credential pull-secret");
      const item = await recorded(record, { action: "reveal", item: name }, () => vault.get(name));
      if (item.kind !== "registry-credentials")
        throw problem("usage", {
          message: `"${name}" is of the kind ${item.kind}`,
          hint: "name registry credentials; postern vault list shows all items",
        });
      const manifest = pullSecret(item, o).expose();
      if (o.out === undefined) io.stdout.write(manifest);
      else await writeOut(io, resolve(io.cwd, o.out), manifest);
    });
}

async function writeOut(io: Io, file: string, manifest: string): Promise<void> {
  await replace(file, manifest, { fresh: true });
  say(io, `wrote ${file}`);
}
