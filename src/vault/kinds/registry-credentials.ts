import { misfitOf } from "./fit.ts";
import type { Kind } from "./kind.ts";
import { factOf, givenFact, givenLine, refused, singleValue } from "./value.ts";

const dockerHub = "docker.io";
/** The names by which Docker's own tools call Docker Hub. */
const dockerHubNames = new Set([
  "index.docker.io",
  "registry-1.docker.io",
  "registry.hub.docker.com",
  "hub.docker.com",
]);

const host = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/;
const password = singleValue("password");

export const registryCredentials: Kind = {
  name: "registry-credentials",
  title: "Registry Credentials",
  plural: "Registry Credentials",
  summary: "pulls a deployment's image from a container registry",
  fields: [
    {
      name: "registry",
      label: "Registry",
      secret: false,
      required: false,
      help: `the registry's host (default: ${dockerHub})`,
    },
    {
      name: "username",
      label: "Username",
      secret: false,
      required: true,
      help: "the user's name at the registry",
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
    const registry = registryOf(givenFact(input, "registry") ?? dockerHub);
    if (!host.test(registry))
      throw refused(
        input.name,
        `"${registry}" is not a registry's host`,
        "give the host alone, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com, with --registry HOST",
      );
    const username = givenFact(input, "username");
    if (username === undefined)
      throw refused(input.name, "its user name is missing", "give it with --username NAME");
    // The colon ends the name in HTTP's Basic scheme (RFC 7617 §2).
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    if (/[\u0000-\u001f\u007f:]/.test(username))
      throw refused(
        input.name,
        "its user name has a colon or a control character in it",
        "give the name as the registry knows it",
      );
    return { facts: { registry, username }, secrets: { password: givenLine(input, "password") } };
  },
  ...password,
  recheck: (item) => {
    factOf(item, "registry");
    factOf(item, "username");
    password.recheck(item);
  },
};

/** The host of what people copy from Docker's files and pages, such as `https://index.docker.io/v1/`. */
function registryOf(given: string): string {
  const name = given
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/(v[12]\/?)?$/, "");
  return dockerHubNames.has(name) ? dockerHub : name;
}
