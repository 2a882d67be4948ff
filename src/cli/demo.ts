import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { problem, reasonOf } from "../errors.ts";
import { askChat, question, wordsOf } from "../sandbox/question.ts";
import { askForLink } from "./console-link.ts";
import { item, model, setStage, type Stage } from "./demo-stage.ts";
import { Exit, type Io } from "./io.ts";
import { Print } from "./print.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A change of the vault takes effect within a second; a busy machine may need longer. */
const effectMs = 15_000;

const help = `
Example:
  postern demo --check && echo "all is well"`;

/** `postern demo`: the whole path on one machine, from a plain request to an endpoint that demands a certificate. */
export function define(io: Io): Command {
  return new Command("demo")
    .description(
      "start a private endpoint, a vault and the gateway on this machine, and send one streamed chat",
    )
    .option("--check", "exit after the chat: 0 if it was right, 1 if not")
    .addHelpText("after", help)
    .action(async ({ check = false }: { check?: boolean }) => {
      io.hold();
      await using folder = await temporaryFolder("postern-demo-");
      await using stage = await setStage(folder.path);
      const print = new Print(io);
      try {
        introduce(print, stage);
        await showChat(print, stage, check ? undefined : "pace=30ms", io.ended);
        await showRefusal(print, stage, io.ended);
        if (check) return;
        await invite(print, stage);
        if (!io.ended.aborted) await once(io.ended, "abort");
        print.blank();
      } catch (error) {
        if (io.ended.aborted) {
          if (check) throw new Exit(1);
          return;
        }
        io.stderr.write(readFileSync(stage.log, "utf8"));
        throw error;
      }
    });
}

function introduce(print: Print, { sandbox, vault, gateway }: Stage): void {
  print.title("Postern", "a private endpoint, a vault and the gateway, all on this machine");
  print.fact("endpoint", `${sandbox.url} demands a client certificate`);
  print.fact("vault", `${vault.file} holds one, sealed: ${item}`);
  print.fact("gateway", `${gateway} takes plain requests`);
}

/** Sends one chat through the whole path, and shows what was attached and verified. */
async function showChat(
  print: Print,
  { gateway: baseUrl, sandbox }: Stage,
  manner: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const answer = await askChat({ baseUrl, model, signal, ...(manner !== undefined && { sandbox: manner }) });
  if (answer.status !== 200)
    throw failed(`the chat was answered with ${answer.status}: ${await answer.text()}`);
  print.question("What just happened?");
  try {
    for await (const words of wordsOf(answer)) print.words(words);
  } catch (error) {
    throw signal.aborted ? error : failed(reasonOf(error));
  }
  print.endOfWords();

  const client = answer.headers.get("x-sandbox-client");
  if (client === null || answer.headers.get("x-sandbox-credentials") !== "certificate")
    throw failed("the endpoint did not verify the client certificate");
  const leaked = sandbox.requests.at(-1)?.rawHeaders.some(([name]) => name.toLowerCase() === "authorization");
  if (leaked !== false) throw failed("the application's own Authorization header reached the endpoint");
  print.fact("attached", `the certificate ${item}, from the vault`);
  print.fact("verified", `by the endpoint, as ${client}`);
  print.fact("dropped", "the application's own API key: it never reached the endpoint");
}

/** The counter-proof: the same request without the vault item is refused, and with it works again. */
async function showRefusal(
  print: Print,
  { gateway: baseUrl, vault }: Stage,
  signal: AbortSignal,
): Promise<void> {
  const chat = (): Promise<Response> => askChat({ baseUrl, model, signal });
  const { kind, facts, secrets, expires } = await vault.remove(item);
  const refused = await until(chat, ({ status }) => status !== 200, `the chat still works without ${item}`);
  const { error } = (await refused.json()) as { error: { code: string; message: string } };
  if (error.code !== "credential_missing") throw failed(`the refusal is ${error.code}: ${error.message}`);
  print.fact("refused", `without ${item} in the vault, with ${refused.status} ${error.code}:`);
  print.detail(error.message);

  await vault.add(item, kind, { facts, secrets, ...(expires && { expires }) });
  const again = await until(
    chat,
    ({ status }) => status === 200,
    `the chat does not work again with ${item}`,
  );
  await again.body?.cancel();
  print.fact("restored", `with ${item} back in the vault, the same request works again`);
}

/** Asks again and again until the answer is as wanted. */
async function until(
  ask: () => Promise<Response>,
  wanted: (answer: Response) => boolean,
  otherwise: string,
): Promise<Response> {
  const last = Date.now() + effectMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await answer.body?.cancel();
    if (Date.now() > last) throw failed(`${otherwise}, ${effectMs / 1000} s after the change`);
    await sleep(50);
  }
}

async function invite(print: Print, { gateway, admin, config, adminToken, log }: Stage): Promise<void> {
  const { hostname: host, port } = new URL(admin);
  const link = await askForLink({ url: admin, place: { host, port: Number(port) } }, adminToken);
  print.title("It stays up until you press Ctrl-C", "try it from another terminal");
  const body = JSON.stringify(question(model));
  print.command(`curl -N ${gateway}/chat/completions -H 'content-type: application/json' -d '${body}'`);
  print.command(`export OPENAI_BASE_URL=${gateway} OPENAI_API_KEY=no_key`);
  print.place("console", link.url);
  print.place(
    "",
    `opens once, within two minutes; another: postern console --admin ${admin} --config ${config}`,
  );
  print.place("metrics", `${admin}/metrics`);
  print.place("log", log);
}

const failed = (reason: string): Error => problem("demo_failed", { reason });
