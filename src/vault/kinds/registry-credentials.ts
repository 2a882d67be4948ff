import { Secret } from "../../secret.ts";
import { dockerHub } from "../image-reference.ts";
import { identityTokenUser, registryFamily, registryOf, registryOfImage } from "../registry.ts";
import { misfitOf } from "./fit.ts";
import type { Input, Kind } from "./kind.ts";
import { factOf, givenFact, givenLine, givenText, refused, singleValue } from "./value.ts";

const password = singleValue("password");

export const registryCredentials: Kind = {
  name: "registry-credentials",
  title: "Registry Credentials",
  plural: "Registry Credentials",
  summary: "pulls a deployment's image from a container registry",
  fields: [
    {
      name: "image",
      label: "Image",
      secret: false,
      required: false,
      help: "an image of the registry, such as nvcr.io/nim/meta/llama-3.1-8b-instruct, which tells the registry",
    },
    {
      name: "registry",
      label: "Registry",
      secret: false,
      required: false,
      help: `the registry's host (default: the image's, else ${dockerHub})`,
    },
    {
      name: "username",
      label: "Username",
      secret: false,
      required: false,
      help: "the user's name at the registry (default: $oauthtoken for nvcr.io, AWS for Amazon ECR)",
    },
    {
      name: "password",
      label: "Password or Access Token",
      secret: true,
      required: true,
      help: "the password or access token",
    },
  ],
  fits: [],
  misfit: misfitOf("registry credentials pull a deployment's image, and no endpoint takes them"),
  accept: async (input) => {
    const registry = givenRegistry(input);
    const username = givenUsername(input, registry);
    return { facts: { registry, username }, secrets: { password: givenPassword(input, username) } };
  },
  ...password,
  recheck: (item) => {
    factOf(item, "registry");
    factOf(item, "username");
    password.recheck(item);
  },
};

function givenRegistry(input: Input): string {
  const image = givenFact(input, "image");
  const named = givenFact(input, "registry");
  const ofImage = image === undefined ? undefined : registryOfImage(image);
  if (image !== undefined && ofImage === undefined)
    throw refused(
      input.name,
      `"${image}" is not an image's name`,
      "give it as docker pull takes it, such as nvcr.io/nim/meta/llama-3.1-8b-instruct:latest, with --image IMAGE",
      "image",
    );
  const registry = named === undefined ? (ofImage ?? dockerHub) : registryOf(named);
  if (registry === undefined)
    throw refused(
      input.name,
      `"${named}" is not a registry's host`,
      "give the host alone, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com, with --registry HOST, or an image of it with --image IMAGE",
      "registry",
    );
  if (ofImage !== undefined && ofImage !== registry)
    throw refused(
      input.name,
      `the image is of ${ofImage}, and the registry is ${registry}`,
      "leave --image or --registry out",
      "registry",
    );
  return registry;
}

function givenUsername(input: Input, registry: string): string {
  const { title, username: usual, only } = registryFamily(registry);
  const username = givenFact(input, "username") ?? usual;
  if (username === undefined)
    throw refused(input.name, "its user name is missing", "give it with --username NAME", "username");
  if (only && username !== usual && username !== identityTokenUser)
    throw refused(
      input.name,
      `${title} knows no user name but ${usual}`,
      "leave --username out; the password tells it who you are",
      "username",
    );
  // The colon ends the name in HTTP's Basic scheme (RFC 7617 §2).
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f:]/.test(username))
    throw refused(
      input.name,
      "its user name has a colon or a control character in it",
      "give the name as the registry knows it",
      "username",
    );
  return username;
}

/** One line, as HTTP's Basic scheme wants it (RFC 7617 §2); a service account's key file is made to be one. */
function givenPassword(input: Input, username: string): Secret {
  if (username !== "_json_key") return givenLine(input, "password");
  try {
    return new Secret(JSON.stringify(JSON.parse(givenText(input, "password").expose())));
  } catch (error) {
    // Without the parser's words: they quote the key.
    if (!(error instanceof SyntaxError)) throw error;
    throw refused(
      input.name,
      "the password of _json_key is a service account's key file, and this is not JSON",
      "give the file that Google Cloud made, with --file FILE",
    );
  }
}
