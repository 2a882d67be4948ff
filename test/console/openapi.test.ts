import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, expect, test } from "vitest";
import { openapiDocument, operationsOf } from "../../tools/openapi-document.ts";
import { startPrivateEndpoint } from "../support/private-endpoint.ts";

type Document = Awaited<ReturnType<typeof openapiDocument>>;

let document: Document;
beforeAll(async () => {
  document = await openapiDocument();
});

const named = (): readonly (readonly [string, ReturnType<typeof operationsOf>[number]])[] =>
  operationsOf(document).map((each) => [`${each.method.toUpperCase()} ${each.path}`, each]);

test("docs/openapi.json is what the routes say; npm run openapi writes it anew", () => {
  const written: unknown = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../docs/openapi.json"), "utf8"),
  );
  expect(written).toEqual(JSON.parse(JSON.stringify(document)));
});

test("it is valid OpenAPI 3.1", async () => {
  const written = JSON.parse(JSON.stringify(document)) as Parameters<Validator["validate"]>[0];
  const { valid, errors } = await new Validator().validate(written);
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(document.openapi).toMatch(/^3\.1\./);
});

test("every operation has a summary, a known tag, and says what it answers", () => {
  const tags = document.tags?.map(({ name }) => name) ?? [];
  for (const [name, { operation }] of named()) {
    expect(operation.summary, name).toMatch(/^[A-Z].*[^.]$/);
    expect(operation.tags?.length, name).toBe(1);
    expect(tags, name).toContain(operation.tags?.[0]);
    const statuses = Object.keys(operation.responses ?? {});
    expect(
      statuses.some((status) => /^2(?:\d\d|XX)$/.test(status)),
      name,
    ).toBe(true);
    for (const status of statuses.filter((status) => status !== "204")) {
      const response = operation.responses?.[status];
      const content = response !== undefined && "content" in response ? response.content : undefined;
      expect(Object.keys(content ?? {}), `${name} ${status}`).not.toEqual([]);
    }
    const parameters = (operation.parameters ?? []).flatMap((each) => ("name" in each ? [each] : []));
    const inPath = [...name.matchAll(/\{(?<parameter>\w+)\}/g)].map(({ groups }) => groups?.["parameter"]);
    expect(
      parameters.filter((each) => each.in === "path").map((each) => each.name),
      name,
    ).toEqual(inPath);
  }
});

test("every tag is used", () => {
  const used = new Set(operationsOf(document).flatMap(({ operation }) => operation.tags ?? []));
  expect(document.tags?.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});

test("every path answers, and lets nobody in without a token", async () => {
  await using it = await startPrivateEndpoint();
  for (const [name, { path, method, operation }] of named()) {
    if (operation.security?.length === 0) continue;
    const answer = await fetch(it.gateway.app.admin + path.replaceAll(/\{\w+\}/g, "x"), {
      method: method.toUpperCase(),
    });
    expect(answer.status, name).toBe(401);
    expect(await answer.json(), name).toMatchObject({ error: { code: "admin_token_required" } });
  }
});
