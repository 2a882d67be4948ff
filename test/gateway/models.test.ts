import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../support/client.ts";
import { bearer } from "../support/gateway.ts";
import { accepted, type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import type { Exchange } from "../support/upstream.ts";

const listOf = (...ids: string[]) => ({
  object: "list",
  data: ids.map((id) => ({ id, object: "model", created: 1, owned_by: "them" })),
});

const serving = (lists: Readonly<Record<string, unknown>>) => async (exchange: Exchange) => {
  await exchange.body;
  const list = lists[exchange.target];
  if (list === undefined) await exchange.json({ error: "no" }, "503 Service Unavailable");
  else await exchange.json(list);
};

describe("with one endpoint and no alias", () => {
  let it: PrivateEndpoint;
  beforeAll(async () => {
    it = await startPrivateEndpoint();
  });
  afterEach(() => it.upstream.forget());
  afterAll(() => it[Symbol.asyncDispose]());

  test("GET /v1/models is the endpoint's own answer, untouched", async () => {
    it.upstream.answer = serving({ "/openai/v1/models": { ...listOf("a"), extra: [1.0, "x"] } });
    const through = await it.gateway.ask({ target: "/v1/models" });
    const direct = await ask(it.upstream.origin, { target: "/openai/v1/models" }, accepted(it.pki));
    expect([through.status, through.text]).toEqual([200, direct.text]);
  });

  test("so is its failure", async () => {
    it.upstream.answer = serving({});
    expect(await it.gateway.ask({ target: "/v1/models" })).toMatchObject({
      status: 503,
      text: '{"error":"no"}',
    });
  });
});

describe("with several endpoints", () => {
  let it: PrivateEndpoint;
  beforeAll(async () => {
    it = await startPrivateEndpoint({
      endpoint: { models: ["org/large"], aliases: { small: "org/large" } },
      others: (origin) => ({
        other: { url: `${origin}/other`, credentials: ["gen-cert"], ca: "server-ca.pem", models: ["theirs"] },
        broken: {
          url: `${origin}/broken`,
          credentials: ["nosuch"],
          ca: "server-ca.pem",
          models: ["broken-model"],
        },
      }),
      items: { unused: bearer("canary-bearer-models-0d55") },
    }).catch(async () =>
      // A gateway may refuse to start with an item that the vault lacks: then without it.
      startPrivateEndpoint({
        endpoint: { models: ["org/large"], aliases: { small: "org/large" } },
        others: (origin) => ({
          other: {
            url: `${origin}/other`,
            credentials: ["gen-cert"],
            ca: "server-ca.pem",
            models: ["theirs"],
          },
        }),
      }),
    );
  });
  afterEach(() => it.upstream.forget());
  afterAll(() => it[Symbol.asyncDispose]());

  const ids = async (target = "/v1/models") => {
    const answer = await it.gateway.ask({ target });
    expect(answer.status).toBe(200);
    const list = JSON.parse(answer.text) as { object: string; data: { id: string; object: string }[] };
    expect(list.object).toBe("list");
    expect(list.data.every(({ object }) => object === "model")).toBe(true);
    return list.data.map(({ id }) => id);
  };

  test("the lists are merged, aliases and configured models included, each once", async () => {
    it.upstream.answer = serving({
      "/openai/v1/models": listOf("org/large", "org/other"),
      "/other/models": listOf("theirs"),
    });
    for (const target of ["/v1/models", "/openai/v1/models", "/models", "/v1//models"]) {
      const merged = await ids(target);
      for (const id of ["org/large", "small", "theirs"]) expect(merged).toContain(id);
      expect(new Set(merged).size).toBe(merged.length);
    }
  });

  test("a failing endpoint does not hide the others", async () => {
    it.upstream.answer = serving({ "/other/models": listOf("theirs") });
    const merged = await ids();
    expect(merged).toContain("theirs");
    expect(merged).toContain("small");
  });

  test("a model that only its endpoint's list names can be called when the list is known", async () => {
    it.upstream.answer = serving({
      "/openai/v1/models": listOf("org/large"),
      "/other/models": listOf("theirs"),
    });
    expect(await ids("/other/v1/models")).toEqual(["theirs"]);
  });
});
