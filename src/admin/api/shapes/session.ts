import * as z from "zod";

export const challenge = z.strictObject({
  challenge: z
    .string()
    .regex(/^[\w-]{43}$/, "wanted 32 random bytes in base64url")
    .meta({ description: "32 random bytes in base64url, made for this one question." }),
});

export const proof = z
  .object({
    proof: z.string().meta({
      description: "HMAC-SHA-256 with the admin token of `postern proof ` and the challenge, in base64url.",
    }),
  })
  .meta({ description: "What only a gateway that knows the admin token can say." });

/** What a one-time link is made of. */
export const link = z
  .object({
    url: z.url().meta({
      description:
        "Opens the console in a browser, once. Its secret part follows the #: no server gets to see it.",
    }),
    expires: z.iso.datetime().meta({ description: "Until when it does." }),
  })
  .meta({ description: "A one-time link to the console." });

export const entry = z
  .strictObject({
    code: z
      .string()
      .max(200)
      .meta({ description: "The code of a one-time link: what follows #link= in it." }),
  })
  .meta({ description: "What a browser brings to open a session." });

export const opened = z
  .object({
    token: z.string().meta({
      description:
        "Goes into the header x-postern-token of each request, beside the cookie that came with it.",
    }),
    expires: z.iso.datetime().meta({ description: "When the session ends at the latest." }),
  })
  .meta({ description: "A session that was opened." });

export const session = z
  .object({
    expires: z.iso.datetime().nullable().meta({
      description: "When the session ends at the latest; null for a program with the admin token.",
    }),
  })
  .meta({ description: "Who is asking." });

export type Opened = z.infer<typeof opened>;
