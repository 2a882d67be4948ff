import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import type { Io } from "../../src/cli/io.ts";
import { askLine, askSecret } from "../../src/cli/prompt.ts";
import { unending } from "../support/unending.ts";

/** A terminal that notes, in their order, what is written to it and when its own echo ends. */
function terminal(): { readonly io: Io; readonly events: string[]; readonly type: (keys: string) => void } {
  const events: string[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => events.push(raw ? "echo off" : "echo on"),
  });
  const write = new Writable({
    write(chunk: Buffer, _encoding, done): void {
      events.push(chunk.toString());
      done();
    },
  });
  const stderr = Object.assign(write, { isTTY: true });
  const io: Io = { stdin, stdout: new PassThrough(), stderr, env: {}, cwd: "/", ...unending() };
  return { io, events, type: (keys) => void stdin.write(keys) };
}

test("the terminal shows nothing of a secret that is typed as soon as it is asked for", async () => {
  const { io, events, type } = terminal();
  const asked = askSecret(io, "Bearer Token");
  expect(events).toEqual(["echo off", "Bearer Token (not shown): "]);
  type("canary-typed\r");
  expect((await asked).expose()).toBe("canary-typed");
  expect(events).toEqual(["echo off", "Bearer Token (not shown): ", "echo on", "\n"]);
});

test.each([
  ["Ctrl-C at a secret", askSecret, "\u0003"],
  ["Ctrl-D at a secret", askSecret, "\u0004"],
  ["Ctrl-C at a question", askLine, "\u0003"],
])("%s leaves the shell a line of its own, and the terminal as it was", async (_, ask, key) => {
  const { io, events, type } = terminal();
  const asked = ask(io, "Name");
  type(key);
  await expect(asked).rejects.toMatchObject({ status: 1 });
  expect(events.slice(-2)).toEqual(["echo on", "\n"]);
});

test("a signal at a prompt leaves the shell a line of its own, and the terminal as it was, before the process ends", async () => {
  const { io, events } = terminal();
  const ended = new AbortController();
  const asked = askSecret({ ...io, ended: ended.signal }, "Name");
  const refused = expect(asked).rejects.toMatchObject({ status: 1 });
  ended.abort();
  expect(events.slice(-2)).toEqual(["echo on", "\n"]);
  await refused;
  expect(events.filter((event) => event === "\n")).toHaveLength(1);
});
