import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { OpenAPIV3_1 } from "openapi-types";
import { createSite } from "../src/admin/site.ts";
import type { AdminSources } from "../src/admin/sources.ts";

/** Stands for everything that a running gateway would give: no route is asked anything, each is only looked at. */
const nothing: unknown = new Proxy(() => nothing, { get: () => nothing });

/** The body of every refusal. */
const refusal = {
  type: "object" as const,
  required: ["error"],
  properties: {
    error: {
      type: "object" as const,
      required: ["message", "hint", "type", "param", "code"],
      properties: {
        message: { type: "string" as const, description: "What is wrong." },
        hint: { type: "string" as const, description: "The way out." },
        type: { type: "string" as const, description: "A type of OpenAI's errors." },
        param: {
          type: ["string" as const, "null" as const],
          description: "The part of the request at fault.",
        },
        code: { type: "string" as const, description: "The stable code; docs/errors.md describes each." },
      },
    },
  },
};

/** What the document says beside the routes. */
const about = {
  openapi: "3.1.0",
  info: {
    title: "Postern's admin API",
    version: "1",
    description:
      "What the console can do, for programs: vault, endpoints, live traffic, playground, configuration, local keys, audit. docs/api.md explains it. Fields may be added within a version; none is taken away or changes its meaning.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "http://127.0.0.1:8081", description: "The admin listener; admin: in postern.yaml" }],
  tags: [
    { name: "session", description: "How a browser comes in: one-time links and sessions." },
    { name: "vault", description: "The items of the vault: list, add, generate, rotate, download, remove." },
    { name: "endpoints", description: "The endpoints: list, add, edit, test, remove." },
    { name: "live", description: "Requests as they happen, and what the last hour was like." },
    { name: "playground", description: "Chats through the gateway." },
    { name: "configuration", description: "The configuration file, its problems and its reloads." },
    { name: "local keys", description: "The keys by which the gateway tells applications apart." },
    { name: "audit", description: "The record of the vault's use." },
    { name: "about", description: "Versions, addresses and places." },
  ],
  security: [{ adminToken: [] }, { session: [], sessionToken: [] }],
  components: {
    schemas: { Error: refusal },
    securitySchemes: {
      adminToken: {
        type: "http" as const,
        scheme: "bearer",
        description: "For programs: the admin token of this gateway.",
      },
      session: {
        type: "apiKey" as const,
        in: "cookie" as const,
        name: "postern-session",
        description: "For browsers, together with sessionToken: what a one-time link gives.",
      },
      sessionToken: {
        type: "apiKey" as const,
        in: "header" as const,
        name: "x-postern-token",
        description: "For browsers: the half of the session that no other port of the same host gets to see.",
      },
    },
  },
};

/** The API as an OpenAPI 3.1 document, made from the schemas by which its routes read requests and write answers. */
export async function openapiDocument(): Promise<OpenAPIV3_1.Document> {
  const looked: FastifyInstance[] = [];
  const site = await createSite(nothing as AdminSources, async (app) => {
    looked.push(app);
    await app.register(swagger, { openapi: about, transform: jsonSchemaTransform });
  });
  const document = looked[0]?.swagger() as OpenAPIV3_1.Document;
  await site.close();
  return tidied(withRefusals(apiOf(document))) as OpenAPIV3_1.Document;
}

/** Without what the schema library adds and no reader needs: the patterns behind formats, and the bounds of a double. */
function tidied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidied);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, entry]) =>
      !(key === "pattern" && "format" in value) &&
      !((key === "minimum" || key === "maximum") && Math.abs(Number(entry)) === Number.MAX_SAFE_INTEGER),
  );
  return Object.fromEntries(
    entries.map(([key, entry]) => [key, entry === "Default Response" ? "It was done." : tidied(entry)]),
  );
}

/** The API alone: the console's own files are no interface. */
function apiOf({ paths = {}, ...document }: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  const api = Object.entries(paths).filter(([path]) => path.startsWith("/api/"));
  return { ...document, paths: Object.fromEntries(api.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Says of each operation that it may be refused, and how; what a route says of any status is then of its success. */
function withRefusals(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  const schema = { $ref: "#/components/schemas/Error" };
  for (const { operation } of operationsOf(document)) {
    const { default: any, ...responses } = operation.responses ?? {};
    operation.responses = {
      ...(any === undefined ? {} : { "2XX": any }),
      ...responses,
      default: {
        description: "It was refused; the error says why, and what to do.",
        content: { "application/json": { schema } },
      },
    };
  }
  return document;
}

const methods = ["get", "put", "post", "delete", "patch"] as const;

/** Every operation of a document, with its method and path. */
export const operationsOf = ({ paths = {} }: OpenAPIV3_1.Document) =>
  Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item?.[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );
