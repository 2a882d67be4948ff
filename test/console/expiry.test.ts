import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { Links } from "../../src/admin/access/links.ts";
import { type Keys, Sessions } from "../../src/admin/access/sessions.ts";

/** A clock that a test moves. */
function clock(): { readonly now: () => number; readonly pass: (ms: number) => void } {
  let ms = 1_000_000;
  return { now: () => ms, pass: (more) => void (ms += more) };
}

const minute = 60_000;
const hour = 60 * minute;

describe("a link", () => {
  test("opens for two minutes, and says that it is too late after that", () => {
    const { now, pass } = clock();
    const links = new Links(now);
    const [early, late] = [links.make(), links.make()];
    pass(2 * minute - 1);
    links.use(early.code);
    pass(1);
    expect(() => links.use(late.code)).toThrow(/made more than two minutes ago/);
    expect(() => links.use(early.code)).toThrow(/used already/);
    expect(late.expires.getTime()).toBe(now());
  });

  test("is forgotten when many others were made since", () => {
    const links = new Links(clock().now);
    const { code } = links.make();
    for (let i = 0; i < 100; i++) links.make();
    expect(() => links.use(code)).toThrow(/does not open the console/);
  });
});

/** An answer that is under way until `close` is emitted. */
class Answer extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

const answered = (sessions: Sessions, keys: Keys): void => {
  const answer = new Answer();
  sessions.enter(keys, answer as unknown as ServerResponse);
  answer.emit("close");
};

describe("a session", () => {
  test("ends after an hour without a request, and after twelve hours of them", () => {
    const { now, pass } = clock();
    const sessions = new Sessions(now);
    const idle = sessions.begin().keys;
    pass(hour - 1);
    answered(sessions, idle);
    pass(hour);
    expect(() => answered(sessions, idle)).toThrow(/has ended/);

    const busy = sessions.begin().keys;
    for (let minutes = 0; minutes < 12 * 60 - 30; minutes += 30) {
      pass(30 * minute);
      answered(sessions, busy);
    }
    pass(30 * minute);
    expect(() => answered(sessions, busy)).toThrow(/has ended/);
  });

  test("is not idle while an answer is under way, and cuts it off at its end", () => {
    const { now, pass } = clock();
    const sessions = new Sessions(now);
    const { keys } = sessions.begin();
    const stream = new Answer();
    sessions.enter(keys, stream as unknown as ServerResponse);
    pass(11 * hour);
    sessions.tidy();
    expect(stream.destroyed).toBe(false);
    answered(sessions, keys);
    pass(hour);
    sessions.tidy();
    expect(stream.destroyed).toBe(true);
  });

  test("is one of sixteen: another one ends the one that was quiet the longest", () => {
    const { now, pass } = clock();
    const sessions = new Sessions(now);
    const all = Array.from({ length: 16 }, () => sessions.begin().keys);
    const [first, second] = all as [Keys, Keys];
    pass(1);
    answered(sessions, first);
    sessions.begin();
    answered(sessions, first);
    expect(() => answered(sessions, second)).toThrow(/has ended/);
  });
});
