import { describe, test } from "vitest";
import { attacks, servesUnderAttack, staysWithinItsBound } from "./slow-attacks.ts";

const force = { connections: 100, perSecond: 100, seconds: 2 };

describe("under an attack of slowhttptest with 100 connections for 2 s", () => {
  for (const attack of attacks)
    test(`every request of clients that behave is answered, and all is released behind it: ${attack}`, () =>
      servesUnderAttack(attack, force));
  test("connections beyond those that are allowed are turned away: slow bodies", () =>
    staysWithinItsBound("slow bodies", force));
});
