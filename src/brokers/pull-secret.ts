import { stringify } from "yaml";
import { problem } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Item } from "../vault/item.ts";
import { kinds } from "../vault/kinds/index.ts";
import { factOf } from "../vault/kinds/value.ts";
import { dockerKey, identityTokenUser } from "../vault/registry.ts";

/** A DNS subdomain, as Kubernetes names a Secret; a namespace is one label of it (RFC 1123 §2.1). */
const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const subdomain = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`);
const namespaceName = new RegExp(`^${label}$`);

/** Where the Secret shall be in the cluster. */
export interface SecretPlace {
  /** Default: the item's name, in lower case and with dashes. */
  readonly name?: string;
  /** Default: whatever namespace it is applied in. */
  readonly namespace?: string;
}

/**
 * The manifest of a Kubernetes Secret of type `kubernetes.io/dockerconfigjson`, for `imagePullSecrets`, out of registry
 * credentials. It holds the password. Throws `usage` for a name that Kubernetes does not take, and `value_invalid` for
 * an identity token, which the kubelet cannot use.
 */
export function pullSecret(item: Item, place: SecretPlace): Secret {
  const name = place.name ?? item.name.toLowerCase().replaceAll("_", "-");
  if (!subdomain.test(name)) throw misnamed("--name", name);
  if (place.namespace !== undefined && !namespaceName.test(place.namespace))
    throw misnamed("--namespace", place.namespace);
  const username = factOf(item, "username");
  if (username === identityTokenUser)
    throw problem("value_invalid", {
      name: item.name,
      reason: "it is an identity token of docker login, which a cluster cannot use",
      fix: "add the registry's user name and access token as another item",
    });
  const password = kinds[item.kind].reveal(item).expose();
  const auth = base64(`${username}:${password}`);
  const config = { auths: { [dockerKey(factOf(item, "registry"))]: { username, password, auth } } };
  return new Secret(
    stringify(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, ...(place.namespace !== undefined && { namespace: place.namespace }) },
        type: "kubernetes.io/dockerconfigjson",
        data: { ".dockerconfigjson": base64(JSON.stringify(config)) },
      },
      { lineWidth: 0 },
    ),
  );
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const misnamed = (flag: string, name: string) =>
  problem("usage", {
    message: `${flag}: "${name}" cannot be its name in Kubernetes`,
    hint: `give one of lower-case letters, digits and dashes with ${flag}`,
  });
