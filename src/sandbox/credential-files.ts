import { join } from "node:path";
import { makeFolder } from "../make-folder.ts";
import { replace } from "../replace.ts";
import type { Credentials } from "./credentials.ts";

/** Where the files lie that a caller needs. Only what is demanded has one. */
export interface CredentialFiles {
  /** The CA that signed the sandbox's server certificate. */
  readonly ca: string;
  /** `sandbox-client.pem`: the private key first, then the certificate, as the platform's download. */
  readonly certificate?: string;
  readonly bearerTokenFile?: string;
  readonly serverlessApiKeyFile?: string;
}

/**
 * Writes what a caller needs into `folder`: files of mode 0600, in a folder that is made with mode 0700 when it is not
 * there. Files of the same names are replaced. Throws `file_unwritable`.
 */
export async function writeCredentials(credentials: Credentials, folder: string): Promise<CredentialFiles> {
  const { serverCa, client, tokens } = credentials;
  await makeFolder(folder);
  const write = async (name: string, content: string): Promise<string> => {
    const file = join(folder, name);
    await replace(file, content);
    return file;
  };
  const bearerToken = tokens.get("bearer-token");
  const serverlessApiKey = tokens.get("serverless-api-key");
  return {
    ca: await write("ca.pem", serverCa),
    ...(client && {
      certificate: await write(
        "sandbox-client.pem",
        client.certificate.key.expose() + client.certificate.certificate,
      ),
    }),
    ...(bearerToken && {
      bearerTokenFile: await write("sandbox-bearer-token.txt", `${bearerToken.expose()}\n`),
    }),
    ...(serverlessApiKey && {
      serverlessApiKeyFile: await write("sandbox-serverless-api-key.txt", `${serverlessApiKey.expose()}\n`),
    }),
  };
}
