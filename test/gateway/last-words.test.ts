import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { readBeforeFailing } from "../../src/gateway/upstream/last-words.ts";

/** A connection of which no write succeeds. */
class Broken extends Duplex {
  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: (error: Error) => void): void {
    done(new Error("EPIPE"));
  }
}

/** What is told of a connection, up to its close. */
function told(connection: Duplex): Promise<readonly string[]> {
  const events: string[] = [];
  connection.on("data", (data: Buffer) => events.push(data.toString()));
  for (const event of ["end", "error"]) connection.on(event, () => events.push(event));
  return new Promise((resolve) => connection.on("close", () => resolve(events)));
}

test("a write fails only when what came before has been read to its end", async () => {
  const connection = new Broken();
  readBeforeFailing(connection);
  const events = told(connection);
  connection.write("more of the request");
  setImmediate(() => {
    connection.push("the answer");
    connection.push(null);
  });
  expect(await events).toEqual(["the answer", "end", "error"]);
});

test("a write fails though nothing comes, and nothing ends, within its time", async () => {
  const connection = new Broken();
  readBeforeFailing(connection);
  // For each request that has a body.
  readBeforeFailing(connection);
  const events = told(connection);
  connection.write("more of the request");
  expect(await events).toEqual(["error"]);
});
