import { postern, type Program } from "../support/process.ts";
import { Desk } from "../vault/desk.ts";

export const canary = "canary-environment-4d7c0a9b8e2f6135";
export const token = "hf_canaryHuggingFace5c2d8e71b3";

/** A desk whose vault has an environment variable and a Hugging Face token. */
export async function deskWithItems(): Promise<Desk> {
  const desk = await Desk.make();
  await desk.vault(["import-env", "-"], { stdin: `SETTING=${canary}\n` });
  await desk.vault(["add", "hugging-face-token", "hf", "--stdin"], { stdin: token });
  return desk;
}

/** Starts `postern run …` with the desk's vault. */
export const start = (desk: Desk, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program =>
  postern(["run", ...args], {
    env: {
      POSTERN_CONFIG: desk.folder.file("postern.yaml"),
      HOME: desk.folder.path,
      HF_TOKEN: undefined,
      ...env,
    },
    cwd: desk.folder.path,
  });

export const sh = (script: string): readonly string[] => ["--", "sh", "-c", script];
