import { expect, describe, test } from "vitest";
import { printed } from "../../src/config/problem.ts";
import { bad, file, good } from "./support.ts";

const minimal = "endpoints:\n  one:\n    url: https://one.test/openai/v1\n    credentials: [token]\n";

test("an empty file is a configuration of defaults", () => {
  expect(good("")).toMatchObject({
    file,
    listen: [
      { host: "127.0.0.1", port: 8080 },
      { host: "::1", port: 8080 },
    ],
    admin: { host: "127.0.0.1", port: 8081 },
    vault: "/etc/postern/vault.age",
    identity: { file: "/etc/postern/identity.txt", passphrase: { prompt: true } },
    audit: { file: "/etc/postern/audit.log", maxBytes: 10 * 1024 * 1024, keep: 5 },
    renew: [],
    defaultEndpoint: undefined,
    drainMs: 30_000,
    limits: { peekBytes: 32 * 1024 * 1024 },
    logLevel: "info",
  });
  expect(good("# nothing but a comment\n").endpoints.size).toBe(0);
});

test("every key of an endpoint arrives", () => {
  const config = good(`
vault: file:/srv/vault.age
identity: file:keys/id.txt
default-endpoint: one
timeouts: { connect: 3s, idle: 0, drain: 2m }
limits: { peek: 1MiB }
log: { level: debug }
listen: localhost:0
admin: "[::1]:9000"
endpoints:
  one:
    url: One.Test:8443//openai//v1/
    type: serverless
    credentials: key
    models: [a/b, c]
    aliases: { short: a/b }
    listen: ["unix:run/one.sock", 127.0.0.2:7000]
    timeouts: { first-byte: 15m }
`);
  expect(config).toMatchObject({
    vault: "/srv/vault.age",
    identity: { file: "/etc/postern/keys/id.txt", passphrase: { prompt: true } },
    defaultEndpoint: "one",
    limits: { peekBytes: 1024 * 1024 },
    drainMs: 120_000,
    logLevel: "debug",
    listen: [
      { host: "127.0.0.1", port: 0 },
      { host: "::1", port: 0 },
    ],
    admin: { host: "::1", port: 9000 },
  });
  expect(config.endpoints.get("one")).toEqual({
    name: "one",
    type: "serverless",
    origin: "https://one.test:8443",
    basePath: "/openai/v1",
    credentials: ["key"],
    models: ["a/b", "c"],
    aliases: new Map([["short", "a/b"]]),
    ca: undefined,
    listen: [{ socket: "/etc/postern/run/one.sock" }, { host: "127.0.0.2", port: 7000 }],
    timeouts: { connectMs: 3000, firstByteMs: 900_000, idleMs: 0 },
  });
});

test("endpoints stand in the order of the file, those with names of digits too", () => {
  const config = good(
    ["b", '"20"', "3", "a"]
      .map((name) => `  ${name}: { url: a.test, credentials: t }\n`)
      .join("")
      .replace(/^/, "endpoints:\n"),
  );
  expect([...config.endpoints.keys()]).toEqual(["b", "20", "3", "a"]);
});

test("a drain of 0 has no limit", () => expect(good("timeouts: { drain: 0 }\n").drainMs).toBe(Infinity));

test("the result cannot be changed, its maps included", () => {
  const config = good(`${minimal}    aliases: { a: b }\n`);
  const one = config.endpoints.get("one");
  if (one === undefined) throw new Error("no endpoint");
  expect([config, config.limits, one, one.credentials].every(Object.isFrozen)).toBe(true);
  const [endpoints, aliases] = [config.endpoints as Map<string, unknown>, one.aliases as Map<string, string>];
  expect(() => endpoints.clear()).toThrow(TypeError);
  expect(() => aliases.set("x", "y")).toThrow(TypeError);
  expect(config.endpoints.size).toBe(1);
});

test("aliases of YAML may share a part, and CRLF and a byte order mark are taken", () => {
  const config = good(
    `\uFEFF${minimal}    timeouts: &slow { idle: 9m }\n  two:\n    url: two.test\n    credentials: [t]\n    timeouts: *slow\n`.replaceAll(
      "\n",
      "\r\n",
    ),
  );
  expect(config.endpoints.get("two")?.timeouts.idleMs).toBe(540_000);
});

test("a problem shows its place, what was found and wanted, its line and the way out", () => {
  expect(bad(`${minimal}    type: dedicatd\n`)).toEqual([
    [
      `${file}:5:11: endpoints.one.type: found "dedicatd"; wanted one of dedicated, serverless, hugging-face`,
      "    5 |     type: dedicatd",
      "      |           ^^^^^^^^",
      '      = did you mean "dedicated"?',
    ].join("\n"),
  ]);
});

test("all problems come at once, in the order of the file", () => {
  const problems = bad(`
lisen: 127.0.0.1:8080
admin: 0.0.0.0:8081
default-endpoint: tow
endpoints:
  api:
    url: http://api.test
    credential: [x]
  two:
    url: 5
    credentials: []
    models: [m]
  three:
    url: https://three.test/v1?x=1
    credentials: [a, a]
    models: [m]
    aliases: { m: n }
    timeouts: { idle: 30 }
`);
  const places = problems.map((problem) => /^\S+?:(\d+):\d+: ([^:]+):/.exec(problem)?.slice(1).join(" "));
  expect(places).toEqual([
    "2 lisen",
    "3 admin",
    "4 default-endpoint",
    "6 endpoints.api",
    "7 endpoints.api.url",
    "8 endpoints.api.credential",
    "10 endpoints.two.url",
    "11 endpoints.two.credentials",
    "14 endpoints.three.url",
    "15 endpoints.three.credentials[1]",
    "17 endpoints.three.aliases.m",
    "18 endpoints.three.timeouts.idle",
  ]);
  expect(problems[2]).toContain('did you mean "two"?');
});

/** Text, and what its one problem must say: place, message, way out. */
const cases: readonly (readonly [name: string, text: string, ...says: (string | RegExp)[]])[] = [
  // YAML itself
  [
    "a duplicate key",
    "admin: 127.0.0.1:1\nadmin: 127.0.0.1:2\n",
    ":2:1:",
    'the key "admin" stands here a second time',
  ],
  ["a tab", "log:\n\tlevel: info\n", ":2:1:", "a tab is used as indentation", "indent with spaces"],
  [
    "two documents",
    "admin: 127.0.0.1:1\n---\nadmin: 127.0.0.1:2\n",
    ":2:1:",
    "a second document begins here",
  ],
  ["a list at the root", "- listen\n", "the file's root is not a map"],
  ["text at the root", "hello\n", "the file's root is not a map"],
  ["a quote that never ends", 'admin: "127.0.0.1\n', /missing closing "quote/],
  ["a bracket that never ends", "listen: [127.0.0.1:1\n", /must be sufficiently indented and end with a \]/],
  ["a bare IPv6 address", "listen: [::1]:8080\n", ":1:"],
  ["a second key on the line", "log: level: info\n", "a second key stands on the same line"],
  ["a reserved character", "admin: @host\n", "text cannot begin with this character", "quotes"],
  ["a tag", "admin: !env ADMIN\n", "the tag !env is not known"],
  [
    "a tag of YAML's own",
    "limits: !!set { peek, body }\n",
    "the tag !!set is not taken",
    "quotes around text that begins with !",
  ],
  ["a tag that changes nothing", "admin: !!str 127.0.0.1:1\n", "the tag !!str is not taken"],
  ["a list as a key", "? [a]\n: b\n", "stands where a key belongs"],
  ["an alias without an anchor", "admin: *nowhere\n", "the alias *nowhere names no anchor above it"],
  [
    "JavaScript's prototype as a name",
    "endpoints: { __proto__: { url: a, credentials: b } }\n",
    '"__proto__" cannot be a name',
  ],
  ["a null byte", "admin: 127.0.0.1:1\0\n", "not UTF-8 text"],
  ["a replacement character", "admin: \uFFFD\n", "not UTF-8 text"],
  ["a file over 1 MiB", `# ${"x".repeat(1024 * 1024)}\n`, "larger than 1 MiB"],
  ["a merge key", `${minimal}    <<: { type: serverless }\n`, 'the key "<<" is not known'],
  // Shape
  ["an unknown key", "colour: red\n", 'the key "colour" is not known', "the keys here are listen, admin"],
  ["a key in camel case", "defaultEndpoint: one\n", 'did you mean "default-endpoint"?'],
  [
    "a key with swapped letters",
    `${minimal}    modles: [a]\n`,
    ":5:5: endpoints.one.modles:",
    'did you mean "models"?',
  ],
  [
    "an unknown timeout",
    "timeouts: { total: 5s }\n",
    "timeouts.total",
    "the keys here are connect, first-byte, idle",
  ],
  [
    "a drain of one endpoint",
    `${minimal}    timeouts: { drain: 5s }\n`,
    "one.timeouts.drain",
    'the key "drain" is not known',
  ],
  ["endpoints as a list", "endpoints: [a]\n", "found a list; wanted a map"],
  [
    "an endpoint as text",
    "endpoints: { a: https://a.test }\n",
    "endpoints.a:",
    "wanted a map of keys and values",
  ],
  [
    "a missing url",
    "endpoints: { a: { credentials: t } }\n",
    'the key "url" is missing',
    "write it as in url: https://",
  ],
  ["missing credentials", "endpoints: { a: { url: a.test } }\n", 'the key "credentials" is missing'],
  [
    "no credentials",
    "endpoints: { a: { url: a.test, credentials: [] } }\n",
    "the list is empty; wanted at least one",
  ],
  ["no listener", "listen: []\n", "the list is empty"],
  ["an empty listen", "listen:\n", "found nothing; wanted text, or a list of texts"],
  ["an empty url", "endpoints: { a: { url: '', credentials: t } }\n", "found empty text"],
  [
    "a number as a model",
    `${minimal}    models: [4]\n`,
    "models[0]: found the number 4; wanted text",
    'put it in quotes: "4"',
  ],
  ["a boolean as a name", "default-endpoint: true\n", "found the boolean true; wanted text"],
  ["an alias to a list", `${minimal}    aliases: { a: [b] }\n`, "aliases.a: found a list; wanted text"],
  ["an unknown log level", "log: { level: verbose }\n", "wanted one of debug, info, warn, error"],
  ["a near log level", "log: { level: warning }\n", 'did you mean "warn"?'],
  ["a timeout as a map", "timeouts: { idle: { s: 3 } }\n", "timeouts.idle: found a map; wanted a quantity"],
  // Listeners
  ["all addresses", "listen: [0.0.0.0:8080]\n", "only loopback addresses may be listened on"],
  ["all addresses, IPv6", 'listen: ["[::]:8080"]\n', "only loopback addresses may be listened on"],
  ["no host", 'listen: [":8080"]\n', "only loopback addresses may be listened on"],
  ["a star", 'listen: ["*:8080"]\n', "only loopback addresses may be listened on"],
  ["a mapped address", 'listen: ["[::ffff:10.0.0.1]:8080"]\n', "only loopback addresses may be listened on"],
  ["an address of the network", "listen: 192.168.1.5:8080\n", "only loopback addresses may be listened on"],
  ["a zone", 'listen: "[::1%lo]:8080"\n', 'found the host "::1%lo" with a zone', "leave the zone out"],
  [
    "a zone of the network",
    `unsafe-listen-beyond-loopback: true\nkeys:\nlisten: "[fe80::1%eth0]:80"\n`,
    'found the host "fe80::1%eth0" with a zone',
  ],
  ["a zone of the admin's", 'admin: "[::1%25lo]:0"\n', "admin: found", "with a zone"],
  ["a host name", "listen: example.com:8080\n", 'found the host "example.com"'],
  ["a port alone", 'listen: "8080"\n', "wanted an address with its port"],
  ["a bare port number", "listen: 8080\n", "found the number 8080; wanted text, or a list"],
  ["a port that is none", "listen: 127.0.0.1:70000\n", "found the port 70000"],
  ["an address without a port", "listen: 127.0.0.1\n", "wanted an address with its port"],
  ["a URL as an address", "admin: http://127.0.0.1:8081\n", "admin: found", "wanted an address"],
  ["a socket without a path", 'listen: "unix:"\n', "wanted the path of a socket"],
  ["a socket with a long path", `listen: unix:/${"s".repeat(120)}\n`, "is longer than 103 bytes"],
  ["the same address twice", "listen: [127.0.0.1:1, 127.0.0.1:1]\n", "listen[1]: 127.0.0.1:1 is named twice"],
  ["the same address by another name", "listen: [127.0.0.1:1, localhost:1]\n", "127.0.0.1:1 is named twice"],
  [
    "the admin's address",
    "listen: 127.0.0.1:8081\n",
    ":1:9: listen: 127.0.0.1:8081 is taken twice: by listen and by admin",
  ],
  ["the gateway's default address", "admin: 127.0.0.1:8080\n", "taken twice: by listen and by admin"],
  [
    "an endpoint's listener on the common one",
    `${minimal}    listen: 127.0.0.1:8080\n`,
    "by listen and by endpoints.one.listen",
  ],
  ["the same socket twice", "listen: [unix:a.sock, unix:./a.sock]\n", "is named twice"],
  // Stores
  ["an unknown store", "vault: etcd:3\n", 'the store "etcd" is not known; the only one is file'],
  ["a vault without a scheme", "vault: vault.age\n", 'found "vault.age"; wanted file: and a path'],
  ["an identity without a path", 'identity: "file:"\n', "wanted file: and a path", "file:identity.txt"],
  [
    "an unknown place of an identity",
    "identity: kms:x\n",
    'the place "kms" is not known',
    "file:identity.txt",
  ],
  [
    "a keyring entry that is none",
    "identity: keyring:a b\n",
    "wanted keyring: and the name",
    "keyring:postern",
  ],
  ["a passphrase itself", "passphrase: correct horse\n", "passphrase: found what names no place"],
  ["a standard descriptor", "passphrase: fd:0\n", "passphrase: found what names no place"],
  ["an audit log that is no file", "audit: { to: syslog }\n", 'audit.to: found "syslog"', "file:audit.log"],
  ["a small audit log", "audit: { size: 1KiB }\n", "audit.size: found 1KiB; the least is 4KiB"],
  ["no whole number of audit logs", "audit: { keep: 1.5 }\n", "audit.keep: found 1.5", "from 0 to 100"],
  // Names
  ...["v1", "openai", "raw", "healthz", "metrics", "api"].map((name): [string, string, string, string] => [
    `the name ${name}`,
    `endpoints: { ${name}: { url: a.test, credentials: t } }\n`,
    `endpoints.${name}: "${name}" is a path of Postern's own`,
    "choose another name",
  ]),
  [
    "a name in capitals",
    "endpoints: { One: { url: a.test, credentials: t } }\n",
    '"One" cannot name an endpoint',
  ],
  ["a name with a slash", "endpoints: { a/b: { url: a.test, credentials: t } }\n", "cannot name an endpoint"],
  [
    "a long name",
    `endpoints: { ${"a".repeat(64)}: { url: a.test, credentials: t } }\n`,
    "cannot name an endpoint",
  ],
  ["an empty name", 'endpoints: { "": { url: a.test, credentials: t } }\n', "cannot name an endpoint"],
  [
    "an unknown default",
    `default-endpoint: on\n${minimal}`,
    'there is no endpoint "on"',
    'did you mean "one"?',
  ],
  ["a default without endpoints", "default-endpoint: one\n", "the endpoints are: none"],
  // Models
  ["a model named twice", `${minimal}    models: [m, m]\n`, "models[1]:", "name it once"],
  ["an alias that is a model too", `${minimal}    models: [m]\n    aliases: { m: n }\n`, "one.aliases.m:"],
  // Credentials
  ["an item named twice", "endpoints: { a: { url: a.test, credentials: [t, t] } }\n", '"t" is named twice'],
  // Quantities
  [
    "a bare number",
    "timeouts: { connect: 10 }\n",
    "found the bare number 10; wanted a duration with its unit",
    '"10s"',
  ],
  ["a unit that is none", "timeouts: { connect: 10sec }\n", 'found "10sec"', "the units are h, m, s, ms"],
  ["a negative duration", "timeouts: { connect: -1s }\n", 'found "-1s"'],
  ["a very long duration", "timeouts: { connect: 100h }\n", "the largest duration here is 24h"],
  ["a bare drain", "timeouts: { drain: 30 }\n", "timeouts.drain: found the bare number 30"],
  ["a bare size", "limits: { peek: 1048576 }\n", "found the bare number 1048576; wanted a size"],
  ["a size of nothing", "limits: { peek: 0 }\n", "the least is 1KiB"],
  ["a huge size", "limits: { peek: 2GiB }\n", "the largest size here is 1GiB"],
];

describe("each is one problem that says so", () => {
  for (const [name, text, ...says] of cases)
    test(name, () => {
      const problems = bad(text);
      expect(problems).toHaveLength(1);
      for (const words of says)
        expect(problems[0]).toMatch(
          words instanceof RegExp ? words : new RegExp(words.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&")),
        );
      expect(problems[0]).toMatch(/^\/etc\/postern\/postern\.yaml:\d+:\d+: \S/);
      expect(problems[0]).toMatch(/\n +\d+ \|.*\n +\| +\^+\n {6}= \S/);
    });
});

describe("urls", () => {
  const urlOf = (url: string): string => {
    const { origin = "", basePath = "" } =
      good(`endpoints: { a: { url: ${JSON.stringify(url)}, credentials: t } }\n`).endpoints.get("a") ?? {};
    return `${origin} ${basePath}`;
  };

  test.each([
    [
      "centml-private-2.fe178792.c-09.test/openai/v1",
      "https://centml-private-2.fe178792.c-09.test /openai/v1",
    ],
    ["https://a.test", "https://a.test "],
    ["https://a.test/", "https://a.test "],
    ["https://a.test//v1//", "https://a.test /v1"],
    ["https://A.test:443/v1", "https://a.test /v1"],
    ["https://a.test/a%2Fb/v1", "https://a.test /a%2Fb/v1"],
    ["http://127.0.0.1:9/v1", "http://127.0.0.1:9 /v1"],
    ["http://localhost:9", "http://localhost:9 "],
    ["http://[::1]:9", "http://[::1]:9 "],
    ["localhost:9", "https://localhost:9 "],
  ])("%s is %s", (url, meant) => {
    expect(urlOf(url)).toBe(meant);
  });

  test.each([
    ["http://a.test/v1", "a credential would cross the network in clear"],
    ["http://127.0.0.1.a.test/v1", "a credential would cross the network in clear"],
    ["ftp://a.test", "found the scheme ftp:"],
    ["https:/a.test", "without // after its scheme"],
    ["https://a.test/v1?key=x", "a query or fragment"],
    ["https://a.test/v1#x", "a query or fragment"],
    ["https://a.test\\v1", "a backslash"],
    ["https://a.test/../v1", "a dot segment"],
    ["https://a.test/%2e%2E/v1", "a dot segment"],
    ["https://a.test/.", "a dot segment"],
    ["https://a test/v1", "a space or control character"],
    ["https://", "is not a URL"],
    ["https://a.test:99999", "is not a URL"],
    ["https://a.test/openai/v1/chat/completions", "write https://a.test/openai/v1\n"],
    ["https://a.test/v1/models/", "write https://a.test/v1\n"],
  ])("%s is refused: %s", (url, says) => {
    expect(
      `${bad(`endpoints: { a: { url: ${JSON.stringify(url)}, credentials: t } }\n`).join("\n")}\n`,
    ).toContain(says);
  });
});

describe("a secret in the wrong place is not shown", () => {
  const canary = "canary-config-5e2a77";
  test.each([
    ["the password of a url", `endpoints: { a: { url: "https://me:${canary}@a.test", credentials: t } }\n`],
    ["the user name of a bare host", `endpoints: { a: { url: "${canary}@a.test", credentials: t } }\n`],
    ["the value of an unknown key", `api-key: ${canary}\n`],
    ["a token's own file, given for the configuration", `${canary}\n`],
    [
      "the value of a nested unknown key",
      `endpoints: { a: { url: a.test, credentials: t, token: ${canary} } }\n`,
    ],
    [
      "a credential that is no name",
      `endpoints:\n  a:\n    url: a.test\n    credentials:\n      - "Bearer ${canary}"\n`,
    ],
    ["a credential in brackets", `endpoints: { a: { url: a.test, credentials: ["${canary}=="] } }\n`],
  ])("%s", (_, text) => {
    const problems = bad(text).join("\n");
    expect(problems).toContain("vault");
    expect(problems).not.toContain(canary);
  });
});

describe("hostile YAML ends in a problem, not in a hang", () => {
  test("aliases that multiply", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [index, to] of ["b", "c", "d", "e", "f", "g", "h"].entries()) {
      const from = "abcdefg".charAt(index);
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(", ")}]`);
    }
    expect(bad(`${bomb.join("\n")}\n`).join("\n")).toContain("aliases (*name) repeat too much content");
  });

  test.each([
    ["brackets", "[".repeat(50_000)],
    ["closed brackets", `a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["braces", "{a: ".repeat(20_000)],
    ["indentation", Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["dashes", "- ".repeat(20_000)],
  ])("%s nested deep", (_, text) => {
    expect(bad(text).length).toBeGreaterThan(0);
  });

  test("an alias of its own content", () => {
    expect(bad("endpoints: &e { a: *e }\n").length).toBeGreaterThan(0);
  });

  test("control characters do not reach the terminal", () => {
    expect(bad('admin: "\u001B[2J"\n').join("\n")).not.toContain("\u001B");
  });
});

describe("the ca of an endpoint", () => {
  const text = `${minimal}    ca: ca/private.pem\n`;
  test.each([
    [
      "nothing at its path",
      () => {
        throw Object.assign(new Error("x"), { code: "ENOENT" });
      },
      "there is no such file",
    ],
    ["no certificate in it", () => "hello", "holds no certificate"],
    [
      "a certificate that is none",
      () => "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      "certificate 1 in",
    ],
    [
      "a private key in it",
      () => "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "holds a private key",
    ],
  ])("with %s is a problem at its key", (_, read: () => string, says) => {
    const problems = bad(text, read);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${file}:5:9: endpoints.one.ca:`);
    expect(problems[0]).toContain("/etc/postern/ca/private.pem");
    expect(problems[0]).toContain(says);
  });
});

test("a problem found later is shown at its key in the same form", () => {
  const config = good(minimal);
  const at = (...problem: Parameters<typeof config.at>): string => printed(config.at(...problem));
  expect(at(["endpoints", "one", "credentials", 0], "it does not fit", "choose another")).toBe(
    `${file}:4:19: endpoints.one.credentials[0]: it does not fit\n    4 |     credentials: [token]\n      |                   ^^^^^\n      = choose another`,
  );
  expect(at(["endpoints", "one", "ca"], "m", "w")).toContain(`${file}:2:3:`);
  expect(at([], "m", "w")).toContain(`${file}:1:1: m`);
});

describe("an identity", () => {
  test.each([
    ["identity: keyring:postern\n", { keyring: "postern" }],
    [
      "passphrase: file:pass.txt\n",
      { file: "/etc/postern/identity.txt", passphrase: { file: "/etc/postern/pass.txt" } },
    ],
    ["passphrase: fd:3\n", { file: "/etc/postern/identity.txt", passphrase: { descriptor: 3 } }],
    [
      "passphrase: credential:pass\n",
      { file: "/etc/postern/identity.txt", passphrase: { credential: "pass" } },
    ],
  ])("%j is where it says", (text, identity) => {
    expect(good(text).identity).toEqual(identity);
  });

  test("a passphrase that was written in place of its place is not shown", () => {
    expect(bad("passphrase: canary-passphrase\n").join("\n")).not.toContain("canary");
  });
});

test("off records nothing", () => {
  expect(good("audit: { to: off }\n").audit.file).toBeUndefined();
});
