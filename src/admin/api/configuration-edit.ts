import { PosternError, problem, reasonOf } from "../../errors.ts";
import type { AdminSources } from "../sources.ts";

/**
 * Changes the configuration file and puts it in force.
 *
 * @param byHand where the file cannot be written: how whoever wants the change makes it
 */
export async function editFile(
  { edit, config }: Pick<AdminSources, "edit" | "config">,
  byHand: string,
  change: (text: string) => string,
): Promise<void> {
  try {
    await edit(change);
  } catch (error) {
    if (!(error instanceof PosternError) || error.code !== "file_unwritable") throw error;
    throw problem(
      "config_unwritable",
      { file: config().file, reason: reasonOf(error.cause), fix: byHand },
      error,
    );
  }
}
