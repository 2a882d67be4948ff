import { isProblems, readConfigText, readText } from "../../config/load.ts";
import { parseConfig } from "../../config/parse.ts";
import { said } from "../../config/problem.ts";
import type { AdminSources } from "../sources.ts";
import { hidingIn } from "./configuration-hiding.ts";
import type { Configuration } from "./shapes/configuration.ts";

/** The configuration file as it lies there now, and what a reload would say of it. Throws where it cannot be read. */
export async function lookAt(sources: AdminSources): Promise<Configuration> {
  const { config, reloads } = sources;
  const { file } = config();
  const text = await readConfigText(file);
  const parsed = parseConfig(text, file, readText);
  const problems = isProblems(parsed) ? parsed : sources.wrongPairs(parsed);
  return {
    file,
    text: hidingIn(text, problems),
    problems: problems.map((problem) => ({
      line: problem.line,
      column: problem.column,
      message: said(problem),
      hint: problem.wayOut,
    })),
    inForce: text === sources.text(),
    since: reloads.since,
    needsRestart: [...sources.needsRestart()],
  };
}
