import { fork } from "node:child_process";
import { once } from "node:events";
import { AggregatorRegistry } from "prom-client";
import { expect, test } from "vitest";
import { samples } from "./stage.ts";

/** What a process of its own counts for so many chats. */
async function countedElsewhere(chats: number): Promise<object[]> {
  const child = fork(new URL("./worker.ts", import.meta.url), [String(chats)]);
  const [values] = (await once(child, "message")) as [object[]];
  if (child.exitCode === null) await once(child, "exit");
  return values;
}

test("the metrics of several processes become one exposition by prom-client's aggregation", async () => {
  const processes = await Promise.all([countedElsewhere(2), countedElsewhere(3)]);
  const text = await AggregatorRegistry.aggregate(processes).metrics();
  expect(samples(text, "postern_requests_total")).toEqual({
    '{endpoint="private-2",status="200",outcome="done"}': 5,
  });
  const buckets = samples(text, "postern_stream_duration_seconds_bucket");
  expect(buckets['{endpoint="private-2",le="1"}']).toBe(0);
  expect(buckets['{endpoint="private-2",le="5"}']).toBe(5);
  expect(buckets['{endpoint="private-2",le="+Inf"}']).toBe(5);
  expect(samples(text, "postern_stream_duration_seconds_count")).toEqual({ '{endpoint="private-2"}': 5 });
  expect(Object.values(samples(text, "gen_ai_client_token_usage_sum"))).toEqual([100, 55]);
  // Each process has read the same files once; one of them could not.
  expect(samples(text, "postern_configuration_reloads_total")).toEqual({
    '{result="applied"}': 1,
    '{result="refused"}': 1,
  });
  expect(samples(text, "postern_configuration_last_reload_successful")).toEqual({ "": 0 });
  expect(samples(text, "postern_endpoint_ejected")).toEqual({
    '{endpoint="private-2"}': 1,
    '{endpoint="plain"}': 0,
  });
  expect(text).toContain("process_cpu_user_seconds_total ");
});
