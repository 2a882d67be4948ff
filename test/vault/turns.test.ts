import { expect, test } from "vitest";
import { Turns } from "../../src/vault/apart/turns.ts";

/** Work that ends when it is told to. */
function someWork(turns: Turns, log: string[]) {
  const ends = new Map<string, (fails: boolean) => void>();
  const begin = (name: string): Promise<string> =>
    turns.run(async () => {
      log.push(name);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      ends.set(name, (fails) => (fails ? reject(new Error(name)) : resolve(name)));
      return promise;
    });
  return { begin, end: (name: string, fails = false) => ends.get(name)?.(fails) };
}

test("what comes above the bound waits in turn, and takes the place of what ends, done or failed", async () => {
  const log: string[] = [];
  const { begin, end } = someWork(new Turns(2, 2), log);
  const [a, b, c, d] = ["a", "b", "c", "d"].map(begin);
  expect(log).toEqual(["a", "b"]);
  end("b", true);
  await expect(b).rejects.toThrow("b");
  expect(log).toEqual(["a", "b", "c"]);
  end("a");
  await expect(a).resolves.toBe("a");
  expect(log).toEqual(["a", "b", "c", "d"]);
  end("d");
  end("c");
  expect(await Promise.all([c, d])).toEqual(["c", "d"]);
});

test("what comes when too many wait is refused at once and never begun, and there is room again afterwards", async () => {
  const log: string[] = [];
  const { begin, end } = someWork(new Turns(1, 1), log);
  const first = begin("first");
  const second = begin("second");
  await expect(begin("third")).rejects.toMatchObject({ code: "imports_exhausted", status: 503 });
  end("first");
  await first;
  const fourth = begin("fourth");
  expect(log).toEqual(["first", "second"]);
  end("second");
  await second;
  end("fourth");
  expect(await fourth).toBe("fourth");
  const fifth = begin("fifth");
  end("fifth");
  expect(await fifth).toBe("fifth");
});
