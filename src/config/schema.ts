import * as z from "zod";
import { endpoint, keys } from "./file-keys.ts";

/** The JSON Schema of postern.yaml, for completion and checks in editors; made from the shape that the parser uses. */
export function configSchema(): object {
  return {
    ...z.toJSONSchema(keys, { io: "input", target: "draft-7" }),
    title: "postern.yaml",
    description: "The configuration of Postern. Edit src/config/file-keys.ts, then run: node tools/schema.ts",
  };
}

/** The JSON Schema of one endpoint of that file. */
export function writtenEndpointSchema(): Readonly<Record<string, unknown>> {
  const { $schema: _, ...schema } = z.toJSONSchema(endpoint, { io: "input" });
  return schema;
}
