// A process of its own for the tests: records as many uses as it is told, in files that are soon full.
import { recorderFor } from "../../src/vault/audit/audit.ts";

const [file = "", prefix = "", count = "0"] = process.argv.slice(2);
const failed = (error: Error): void => void process.stderr.write(`${error.message}\n`);
const record = recorderFor({
  config: { vault: file, audit: { file, maxBytes: 4096, keep: 100 } },
  command: "test",
  failed,
});
for (let n = 0; n < Number(count); n += 1) record({ action: "show", item: `${prefix}-${n}` });
