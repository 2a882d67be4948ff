import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SshAgent, startSshAgent } from "../../src/brokers/ssh-agent.ts";
import type { Item } from "../../src/vault/item.ts";
import { string, uint32, WireReader } from "../../src/vault/ssh/ssh-wire.ts";
import { eventually } from "../support/eventually.ts";
import { Desk } from "../vault/desk.ts";
import { AgentClient, listing, signRequest } from "./agent-client.ts";
import { addGenerated, run } from "./ssh-stage.ts";

const limits = { clients: 8, messageBytes: 4096, waiting: 4, silenceMs: 100 };
const failure = string(Buffer.of(5));

let desk: Desk;
let agent: SshAgent;
let socket: string;
let uses: { item: string; action: string }[];
let troubles: string[];
beforeAll(async () => {
  desk = await Desk.make();
  for (const type of ["Ed25519", "RSA-3072"]) await addGenerated(desk, type, type);
  socket = desk.folder.file("agent.sock");
  [uses, troubles] = [[], []];
  agent = await startSshAgent({
    vault: await desk.open(),
    socket,
    confirm: false,
    ask: undefined,
    used: (use) => void uses.push(use),
    troubled: ({ code }) => void troubles.push(code),
    limits,
  });
});
afterAll(async () => {
  await agent.stop();
  desk[Symbol.dispose]();
});

const client = (): Promise<AgentClient> => AgentClient.connect(socket);

const itemOf = async (name: string): Promise<Item> => (await desk.open()).get(name);
const blobOf = (item: Item): Buffer => Buffer.from(item.facts["publicKey"]?.split(" ")[1] ?? "", "base64");

describe("a request", () => {
  test("of any other kind than to list and to sign is answered with failure, and the next one is understood", async () => {
    using asking = await client();
    // 1 and 3 to 10 are version 1 of the protocol, 17 to 27 add, remove, lock and extend, 255 is nobody's.
    for (const number of [0, 1, 5, 6, 12, 14, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 255]) {
      asking.send(string(Buffer.concat([Buffer.of(number), string("session-bind@openssh.com"), listing])));
      expect({ ...(await asking.answer()), of: number }).toMatchObject({ number: 5, of: number });
    }
    asking.send(listing);
    expect(await asking.answer()).toMatchObject({ number: 12 });
  });

  test.each([
    ["has no byte", Buffer.alloc(0)],
    ["lists and goes on", Buffer.of(11, 0)],
    ["signs without a key", Buffer.of(13)],
    ["announces a key that does not follow", Buffer.concat([Buffer.of(13), uint32(0xffffffff)])],
    ["signs without flags", Buffer.concat([Buffer.of(13), string("key"), string("data")])],
    [
      "signs and goes on",
      Buffer.concat([Buffer.of(13), string("key"), string("data"), uint32(0), uint32(0)]),
    ],
    [
      "signs with a key that is not in the vault",
      Buffer.concat([Buffer.of(13), string("key"), string(""), uint32(0)]),
    ],
  ])("that %s is answered with failure", async (_what, message) => {
    using asking = await client();
    asking.send(string(message));
    expect(await asking.answer()).toMatchObject({ number: 5 });
  });

  test("to sign is recorded with its item, and one that is refused is not", async () => {
    using asking = await client();
    const item = await itemOf("RSA-3072");
    uses = [];
    troubles = [];
    asking.send(signRequest(blobOf(item), Buffer.from("data"), 0));
    expect(await asking.answer()).toMatchObject({ number: 5 });
    expect({ uses, troubles }).toEqual({ uses: [], troubles: ["ssh_sha1_refused"] });
    asking.send(signRequest(blobOf(item), Buffer.from("data"), 4));
    const { number, rest } = await asking.answer();
    expect(number).toBe(14);
    expect(new WireReader(new WireReader(rest).string()).string().toString()).toBe("rsa-sha2-512");
    expect(uses).toEqual([{ item: "RSA-3072", action: "sign" }]);
  });
});

describe("many requests", () => {
  test("in one piece are answered in their order", async () => {
    using asking = await client();
    const sign = signRequest(blobOf(await itemOf("RSA-3072")), Buffer.from("data"), 2);
    asking.send(Buffer.concat([sign, listing, failure, sign, listing]));
    const numbers: number[] = [];
    for (let count = 0; count < 5; count += 1) numbers.push((await asking.answer()).number);
    expect(numbers).toEqual([14, 12, 5, 14, 12]);
  });

  test("cut at every place are answered all the same", async () => {
    const sign = signRequest(blobOf(await itemOf("Ed25519")), Buffer.from("data"), 0);
    const all = Buffer.concat([listing, sign]);
    for (let at = 1; at < all.length; at += 1) {
      using asking = await client();
      asking.send(all.subarray(0, at));
      await new Promise(setImmediate);
      asking.send(all.subarray(at));
      expect([(await asking.answer()).number, (await asking.answer()).number]).toEqual([12, 14]);
    }
  });

  test("are answered after the program has closed its side", async () => {
    using asking = await client();
    asking.send(Buffer.concat([listing, listing]));
    asking.end();
    expect([(await asking.answer()).number, (await asking.answer()).number]).toEqual([12, 12]);
    await asking.hungUp();
  });

  test("whose answers nobody reads hold up their own program alone", async () => {
    using greedy = await client();
    const asked = 10_000;
    uses = [];
    greedy.send(Buffer.concat(Array.from({ length: asked }, () => listing)));
    let seen = -1;
    await eventually(() => {
      const before = seen;
      seen = uses.length;
      expect(seen).toBe(before);
      expect(seen).toBeGreaterThan(0);
    });
    // Both keys are listed each time; far fewer than all answers fit on the way.
    expect(seen).toBeLessThan(2 * asked);
    using asking = await client();
    asking.send(listing);
    expect(await asking.answer()).toMatchObject({ number: 12 });
    for (let count = 0; count < asked; count += 1) expect((await greedy.answer()).number).toBe(12);
  });
});

describe("a program", () => {
  test("that announces more than a message may have is hung up on", async () => {
    using asking = await client();
    asking.send(uint32(limits.messageBytes + 1));
    await asking.hungUp();
    using after = await client();
    after.send(listing);
    expect(await after.answer()).toMatchObject({ number: 12 });
  });

  test("that stops in the middle of a message is hung up on, and one that asks nothing is not", async () => {
    using idle = await client();
    using stuck = await client();
    stuck.send(listing.subarray(0, 3));
    await stuck.hungUp();
    idle.send(listing);
    expect(await idle.answer()).toMatchObject({ number: 12 });
  });

  test("that sends noise, in pieces or at once, harms nobody", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), async (pieces) => {
        using noisy = await client();
        for (const piece of pieces) noisy.send(Buffer.from(piece));
        noisy.end();
        await noisy.hungUp();
      }),
      { numRuns: 100 },
    );
    using asking = await client();
    asking.send(listing);
    expect(await asking.answer()).toMatchObject({ number: 12 });
  });

  test("that leaves in the middle of its requests harms nobody", async () => {
    const sign = signRequest(blobOf(await itemOf("RSA-3072")), Buffer.alloc(1024), 2);
    for (let count = 0; count < 20; count += 1) {
      const leaving = await client();
      leaving.send(Buffer.concat([sign, sign, sign.subarray(0, count * 10)]));
      leaving[Symbol.dispose]();
    }
    expect((await run("ssh-add", ["-l"], { socket, cwd: desk.folder.path })).status).toBe(0);
  });

  test("that comes when as many as may are there already is hung up on, until one leaves", async () => {
    const all = await Promise.all(Array.from({ length: limits.clients }, client));
    for (const one of all) {
      one.send(listing);
      await one.answer();
    }
    const late = await client();
    await late.hungUp();
    for (const one of all) one[Symbol.dispose]();
    await eventually(async () => {
      using asking = await client();
      asking.send(listing);
      expect(await asking.answer()).toMatchObject({ number: 12 });
    });
  });
});
