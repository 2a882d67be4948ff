import { describe, test } from "vitest";
import { startNginxGateway } from "./nginx-gateway.ts";
import { attacks, servesUnderAttack, staysWithinItsBound } from "./slow-attacks.ts";

const force = { connections: 400, perSecond: 100, seconds: 20 };

describe("under an attack of slowhttptest with 400 connections for 20 s", () => {
  for (const attack of attacks) {
    test(`every request of clients that behave is answered, and all is released behind it: ${attack}`, () =>
      servesUnderAttack(attack, force, startNginxGateway));
    test(`connections beyond those that are allowed give way or are turned away: ${attack}`, () =>
      staysWithinItsBound(attack, force));
  }
});
