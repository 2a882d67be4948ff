import { dockerHub, isRegistryHost, parseImageReference } from "./image-reference.ts";

/** What is known of the registries of one provider. */
interface Family {
  /** "NVIDIA NGC". */
  readonly title: string;
  readonly hosts: RegExp;
  /** The user name that this provider gives to everybody. */
  readonly username?: string;
  /** No other user name than that one opens it. */
  readonly only?: true;
}

// Each as its provider documents it: the hosts in all regions and partitions, and the user name for tokens.
const families: readonly Family[] = [
  { title: "Docker Hub", hosts: /^docker\.io$/ },
  { title: "NVIDIA NGC", hosts: /^(?:[a-z0-9-]+\.)?nvcr\.io$/, username: "$oauthtoken", only: true },
  { title: "GitHub Container Registry", hosts: /^(?:ghcr\.io|docker\.pkg\.github\.com)$/ },
  {
    title: "Amazon ECR",
    hosts:
      /^\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn|amazonaws\.eu|cloud\.adc-e\.uk|csp\.hci\.ic\.gov|c2s\.ic\.gov|sc2s\.sgov\.gov)$/,
    username: "AWS",
    only: true,
  },
  {
    title: "Amazon ECR Public",
    hosts: /^(?:public\.ecr\.aws|ecr-public\.aws\.com)$/,
    username: "AWS",
    only: true,
  },
  { title: "Google Artifact Registry", hosts: /^(?:[a-z0-9-]+-)?docker\.pkg\.dev$/ },
  { title: "Google Container Registry", hosts: /^(?:(?:us|eu|asia)\.)?gcr\.io$/ },
  { title: "Azure Container Registry", hosts: /^[a-z0-9-]+(?:\.[a-z0-9-]+)?\.azurecr\.(?:io|cn|us|de)$/ },
];

/** The names by which Docker's own tools and pages call Docker Hub. */
const hubNames = new Set([
  "index.docker.io",
  "registry-1.docker.io",
  "registry.hub.docker.com",
  "hub.docker.com",
  "www.docker.io",
]);

/** What Docker's tools hand as the user name when the secret is an OAuth identity token, and no password. */
export const identityTokenUser = "<token>";

/** The provider of this registry, by its host. */
export function registryFamily(registry: string): Omit<Family, "hosts"> {
  return families.find(({ hosts }) => hosts.test(registry)) ?? { title: "Docker-compatible registry" };
}

/**
 * The registry's host, out of what people copy and what Docker's tools hand over: a host, or a URL such as
 * `https://index.docker.io/v1/`. Undefined where it is neither: what lies on another path is something else, such as
 * the tokens that `docker login` keeps under `…/v1/refresh-token`.
 */
export function registryOf(given: string): string | undefined {
  const [, host] = /^(?:https?:\/\/)?([^/]*)(?:\/(?:v[12]\/?)?)?$/.exec(given.trim().toLowerCase()) ?? [];
  if (host === undefined || !isRegistryHost(host)) return undefined;
  return hubNames.has(host) ? dockerHub : host;
}

/** The registry of an image reference, which may begin as a URL or as skopeo writes it. */
export function registryOfImage(image: string): string | undefined {
  const registry = parseImageReference(image.trim().replace(/^(?:https?|docker):\/\//i, ""))?.registry;
  return registry === undefined ? undefined : registryOf(registry);
}

/** The key under which Docker's own configuration and helpers know this registry. */
export const dockerKey = (registry: string): string =>
  registry === dockerHub ? "https://index.docker.io/v1/" : registry;
