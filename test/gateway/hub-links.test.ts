import { describe, expect, test } from "vitest";
import { homeward } from "../../src/gateway/upstream/hub-links.ts";
import { ask } from "../support/client.ts";
import { startGateway } from "../support/gateway.ts";
import { startUpstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";

const place = { origin: "https://hub.test", path: "/hub/raw", local: "http://127.0.0.1:8080" };
const home = (name: string, value: string): string | undefined => homeward([name, value], place)[1];

describe("an address of the Hub", () => {
  test.each([
    ["https://hub.test/a/b?c=d#e", "/hub/raw/a/b?c=d#e"],
    ["HTTPS://Hub.Test/a%2Fb", "/hub/raw/a%2Fb"],
    ["https://hub.test:443/a", "/hub/raw/a"],
    ["https://hub.test", "/hub/raw/"],
    ["https://hub.test?x", "/hub/raw/?x"],
    ["//hub.test/a", "/hub/raw/a"],
    ["/a/b", "/hub/raw/a/b"],
  ])("leads back here: %s", (from, to) => {
    expect(home("Location", from)).toBe(to);
    expect(home("content-location", from)).toBe(to);
    expect(home("LINK", `<${from}>; rel="next"`)).toBe(`<http://127.0.0.1:8080${to}>; rel="next"`);
  });

  test.each([
    "https://cdn.test/a?sig=https://hub.test/",
    "https://hub.test.evil.test/a",
    "https://hub.test@evil.test/a",
    "https://hub.test:8443/a",
    "http://hub.test/a",
    "https://hub.test\\@evil.test/a",
    "//evil.test/a",
    "b/c",
    "../b",
    "?x",
    "",
    "ftp://hub.test/a",
    "https://[/a",
  ])("is no other: %s", (other) => {
    expect(home("Location", other)).toBe(other);
    expect(home("Link", `<${other}>; rel="next"`)).toBe(`<${other}>; rel="next"`);
  });

  test("is looked for in no other header, and in each link of several", () => {
    expect(home("Refresh", "0; url=https://hub.test/a")).toBe("0; url=https://hub.test/a");
    expect(home("X-Linked-Location", "https://hub.test/a")).toBe("https://hub.test/a");
    expect(home("Link", '<https://hub.test/a>; rel="a", <https://cdn.test/b>; rel="b", </c>; rel=c')).toBe(
      '<http://127.0.0.1:8080/hub/raw/a>; rel="a", <https://cdn.test/b>; rel="b", <http://127.0.0.1:8080/hub/raw/c>; rel=c',
    );
    expect(homeward(["Link", "</a>"], { ...place, local: undefined })[1]).toBe("</hub/raw/a>");
  });
});

describe("answers", () => {
  const redirect = async (type: string, target: string, listen = false) => {
    const upstream = await startUpstream();
    upstream.answer = (exchange) =>
      exchange.write(
        `HTTP/1.1 302 Found\r\nLocation: ${upstream.origin}/new?x=1\r\nLink: <${upstream.origin}/next>; rel="next"\r\nContent-Length: 0\r\n\r\n`,
      );
    const kind = type === "hugging-face" ? "hugging-face-token" : "bearer-token";
    await using gateway = await startGateway(
      {
        endpoints: {
          it: {
            url: upstream.origin,
            type,
            credentials: ["token"],
            ...(listen && { listen: ["127.0.0.1:0"] }),
          },
        },
      },
      { token: { kind, value: "canary-hub-links-30ab" } },
    );
    const [, own = ""] = gateway.app.listen;
    const answer = listen ? await ask(own, { target }) : await gateway.ask({ target });
    await upstream.stop();
    const local = listen ? own : gateway.base;
    return {
      location: valuesOf(answer, "location")[0]?.replace(upstream.origin, "UPSTREAM"),
      link: valuesOf(answer, "link")[0]?.replace(upstream.origin, "UPSTREAM").replace(local, "LOCAL"),
    };
  };

  test("of a Hub lead back to the endpoint's own path", async () => {
    expect(await redirect("hugging-face", "/it/raw/old")).toEqual({
      location: "/it/raw/new?x=1",
      link: '<LOCAL/it/raw/next>; rel="next"',
    });
  });
  test("of a Hub with a listener of its own lead back to that listener", async () => {
    expect(await redirect("hugging-face", "/raw/old", true)).toEqual({
      location: "/raw/new?x=1",
      link: '<LOCAL/raw/next>; rel="next"',
    });
  });
  test.each([
    ["dedicated", "/it/raw/old"],
    ["dedicated", "/it/v1/old"],
    ["hugging-face", "/it/v1/old"],
  ])("of a %s endpoint under %s stay as they are", async (type, target) => {
    expect(await redirect(type, target)).toEqual({
      location: "UPSTREAM/new?x=1",
      link: '<UPSTREAM/next>; rel="next"',
    });
  });
});
