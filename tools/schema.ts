// Writes config/postern.schema.json from the shape that the parser uses. Run it after a change of src/config/file-keys.ts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configSchema } from "../src/config/schema.ts";

const file = join(import.meta.dirname, "..", "config", "postern.schema.json");
writeFileSync(file, `${JSON.stringify(configSchema(), null, 2)}\n`);
