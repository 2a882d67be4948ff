import { randomBytes } from "node:crypto";
import { PosternError, problem, reasonOf } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { readPrivate } from "../../vault/private-file.ts";
import { replace } from "../../replace.ts";

/** By this, people and scanners of leaked secrets know what they have found. */
const prefix = "postern-admin-";

/** Nobody guesses so many, so nothing has to count or slow down those who try. */
const tokenBytes = 32;

/** What 32 random bytes are in base64url; a token that was made elsewhere may be longer. */
const form = new RegExp(`^${prefix}[A-Za-z0-9_-]{43,200}$`);

/**
 * Reads the token with which programs use the API. Undefined where there is none. Throws `identity_exposed` where others
 * can read the file, `admin_token_invalid`, `vault_folder_exposed` or `file_unreadable`.
 */
export async function readAdminToken(file: string): Promise<Secret | undefined> {
  const token = (await readPrivate(file))?.toString("latin1").trim();
  if (token === undefined) return undefined;
  if (!form.test(token)) throw problem("admin_token_invalid", { file });
  return new Secret(token);
}

/**
 * Makes a token in a file (0600) that is not there yet, for the owner of the file `beside` it where root does so. Throws
 * `file_exists` or `file_unwritable`.
 */
export async function makeAdminToken(file: string, beside?: string): Promise<Secret> {
  const token = new Secret(prefix + randomBytes(tokenBytes).toString("base64url"));
  await replace(file, `${token.expose()}\n`, { fresh: true, beside });
  return token;
}

/**
 * The token in a file, made where it is missing; or why there is none. A gateway serves without one: its configuration
 * may be mounted where nothing can be written.
 *
 * @param vault whose owner it is made for
 */
export async function findAdminToken(file: string, vault: string): Promise<Secret | PosternError> {
  try {
    return (await readAdminToken(file)) ?? (await makeAdminToken(file, vault));
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    // Another process has been faster.
    if (error.code === "file_exists") return findAdminToken(file, vault);
    if (error.code !== "file_unwritable") return error;
    return problem(
      "admin_token_missing",
      {
        file,
        reason: `none can be made there: ${reasonOf(error.cause)}`,
        fix: "make one where it can be written (postern init does), or name it there with admin-token: in postern.yaml; then reload",
      },
      error,
    );
  }
}
