import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Builds the console's pages where they are not built since their sources last changed. */
export default function setup(): void {
  execFileSync("sh", [join(import.meta.dirname, "../../tools/console.sh")], { stdio: "inherit" });
}
