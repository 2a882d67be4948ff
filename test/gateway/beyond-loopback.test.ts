import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayVariables } from "../../src/brokers/run-environment.ts";
import { localBases } from "../../src/config/local-bases.ts";
import { ask, errorIn } from "../support/client.ts";
import type { PrivateEndpoint } from "../support/private-endpoint.ts";
import { bad, good } from "../config/support.ts";
import { bringing, hashOf, makeKeys, startWithKeys } from "./local-keys.ts";

const keys = makeKeys("container");
const withKey = `keys: { container: { hash: "${hashOf(keys.container)}" } }\n`;
const spelledOut = "unsafe-listen-beyond-loopback: true\n";

describe("an address that other machines can reach", () => {
  for (const address of ["0.0.0.0:8080", "192.168.1.5:8080", '"[::]:8080"', '"[fd00::1]:8080"']) {
    test(`${address} is refused`, () => {
      expect(bad(`listen: ${address}\n${withKey}`).join()).toContain("other machines can reach");
    });
    test(`${address} is refused while no local key is configured`, () => {
      for (const none of ["", "keys:\n", "keys: {}\n"])
        expect(bad(`listen: ${address}\n${spelledOut}${none}`).join()).toContain("no local key");
    });
    test(`${address} is taken where the danger is spelled out and a local key is demanded`, () => {
      expect(good(`listen: ${address}\n${spelledOut}${withKey}`).listen).toHaveLength(1);
    });
    test(`${address} is never the admin listener's`, () => {
      expect(bad(`admin: ${address}\n${spelledOut}${withKey}`).join()).toContain("admin: found");
    });
  }
  test("an endpoint's own listener is held to the same", () => {
    const endpoint = "endpoints: { a: { url: a.test, credentials: t, listen: 0.0.0.0:8090 } }\n";
    expect(bad(endpoint).join()).toContain("other machines can reach");
    expect(bad(endpoint + spelledOut).join()).toContain("no local key");
    expect(good(endpoint + spelledOut + withKey).endpoints.get("a")?.listen).toHaveLength(1);
  });
  test("all addresses at once are written as an address, not as a star or nothing", () => {
    for (const address of ["*:8080", ":8080", "example.com:8080"])
      expect(bad(`listen: "${address}"\n${spelledOut}${withKey}`)).toHaveLength(1);
  });
});

describe("the URLs that are handed out for every address are the loopback's", () => {
  for (const [address, local] of [
    ["0.0.0.0", "127.0.0.1"],
    ["[::]", "[::1]"],
    ["[0:0::0]", "[::1]"],
    ["10.0.0.0", "10.0.0.0"],
  ])
    test(`${address} is called as ${local}`, () => {
      const endpoint = `endpoints: { a: { url: a.test, credentials: t, listen: "${address}:90" } }\n`;
      const config = good(`listen: "${address}:80"\n${spelledOut}${withKey}${endpoint}`);
      expect(gatewayVariables(config, "key")?.["OPENAI_BASE_URL"]).toBe(`http://${local}:80/v1`);
      const own = `http://${local}:90/v1`;
      expect(localBases(config, "a")).toEqual([`http://${local}:80/a/v1`, own]);
      expect(localBases(config, "a", `http://${address}:41234`)).toEqual([`http://${local}:41234/a/v1`, own]);
    });
});

describe("a gateway that listens on every address", () => {
  let it: PrivateEndpoint;
  let port: string;
  beforeAll(async () => {
    it = await startWithKeys(
      { container: { hash: hashOf(keys.container) } },
      { listen: ["0.0.0.0:0"], "unsafe-listen-beyond-loopback": true, "allow-hosts": ["postern"] },
    );
    ({ port } = new URL(it.gateway.base));
  });
  afterAll(() => it[Symbol.asyncDispose]());

  const own = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === "IPv4" && !address.internal)?.address;
  const get = (at: string, host: string, key?: string) =>
    ask(`http://${at}:${port}`, {
      target: "/v1/models",
      headers: [`Host: ${host}`, ...(key === undefined ? [] : bringing(key))],
    });

  test("is called by the address that it is reached at, by a name that is allowed, and with a key", async () => {
    for (const at of ["127.0.0.1", ...(own === undefined ? [] : [own])])
      for (const host of [`${at}:${port}`, `postern:${port}`, "localhost"]) {
        expect((await get(at, host, keys.container)).status, `${host} at ${at}`).toBe(200);
        expect((await get(at, host)).status).toBe(401);
      }
  });
  test("is not called by another address or name", async () => {
    for (const host of [
      "0.0.0.0",
      "10.255.255.1",
      `evil.test:${port}`,
      ...(own === undefined ? [] : [own]),
    ]) {
      const answer = await get("127.0.0.1", host, keys.container);
      expect([answer.status, errorIn(answer).code], host).toEqual([403, "host_not_allowed"]);
    }
  });
});
