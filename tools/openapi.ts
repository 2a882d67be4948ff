// Writes docs/openapi.json from the schemas of the admin API's routes. Run it after a change of src/admin/api.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openapiDocument } from "./openapi-document.ts";

const file = join(import.meta.dirname, "..", "docs", "openapi.json");
writeFileSync(file, `${JSON.stringify(await openapiDocument(), null, 2)}\n`);
