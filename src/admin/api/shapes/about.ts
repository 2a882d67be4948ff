import * as z from "zod";

export const About = z.object({
  version: z.string().meta({ description: "Postern's version." }),
  node: z.string().meta({ description: "The version of Node that runs it." }),
  platform: z.string().meta({ description: "Operating system and processor, such as linux x64." }),
  libraries: z
    .record(z.string(), z.string())
    .meta({ description: "The versions of what requests pass through, by name." }),
  pid: z.int().meta({ description: "The process that answers here." }),
  uptimeSeconds: z.number().meta({ description: "For how long it has run." }),
  memoryBytes: z.int().meta({ description: "Its memory (RSS)." }),
  workers: z
    .object({ serving: z.int(), wanted: z.int() })
    .meta({ description: "How many processes serve requests, and how many are to." }),
  listen: z.array(z.string()).meta({ description: "Where the gateway listens." }),
  local: z.string().meta({
    description: "How programs of this machine call the first listener: a base URL, or unix:/path.",
  }),
  admin: z.string().meta({ description: "Where the console and this API answer." }),
  configuration: z.string().meta({ description: "The configuration file." }),
  documentation: z.string().meta({ description: "Where the documentation begins: a file of this machine." }),
  vault: z.object({
    file: z.string().meta({ description: "The vault's file." }),
    generation: z.int().meta({ description: "How many times it has been written." }),
    recipients: z
      .array(z.object({ name: z.string(), recipient: z.string() }))
      .meta({ description: "For whom it is sealed: their public keys." }),
    identity: z.string().meta({ description: "Where the identity that opens it lies; never the identity." }),
  }),
});
export type About = z.infer<typeof About>;
