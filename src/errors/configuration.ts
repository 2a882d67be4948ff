import { type Problem, printed } from "../config/problem.ts";
import { wrongRequest, failure, unfit, meant } from "./entry.ts";

/** Command line and configuration. */
export const configurationErrors = {
  usage: failure(2, (d: { message: string; hint: string }) => [d.message, d.hint]),
  config_missing: failure(2, (d: { file: string }) => [
    `there is no configuration at ${d.file}`,
    "make one with postern init, or name one with --config or POSTERN_CONFIG",
  ]),
  config_unreadable: failure(2, (d: { file: string; reason: string }) => [
    `cannot read ${d.file}: ${d.reason}`,
    "check the path and its permissions",
  ]),
  config_invalid: wrongRequest(422, (d: { file: string; problems: readonly Problem[] }) => [
    `${d.file} has ${d.problems.length === 1 ? "a problem" : `${d.problems.length} problems`}\n${d.problems.map(printed).join("\n")}`,
    "config/postern.example.yaml explains every key; postern check looks again",
  ]),
  config_edit_refused: wrongRequest(422, (d: { file: string; problems: readonly Problem[] }) => [
    `${d.file} was not changed; with this change it would have ${d.problems.length === 1 ? "a problem" : `${d.problems.length} problems`}\n${d.problems.map(printed).join("\n")}`,
    "give other values, or edit the file by hand and look at it with postern check",
  ]),
  config_unwritable: failure(1, (d: { file: string; reason: string; fix: string }) => [
    `${d.file} was not changed, for it cannot be written: ${d.reason}`,
    d.fix,
  ]),
  endpoint_exists: unfit(409, 1, (d: { endpoint: string }) => [
    `the endpoint "${d.endpoint}" is there already`,
    "choose another name, or change or remove that one",
  ]),
  endpoint_absent: unfit(404, 1, (d: { endpoint: string; known: readonly string[] }) => [
    `there is no endpoint "${d.endpoint.slice(0, 80)}"`,
    meant(d.endpoint, d.known, "endpoints"),
  ]),
  endpoint_changed: wrongRequest(409, (d: { endpoint: string }) => [
    `the endpoint "${d.endpoint}" has changed since you looked at it`,
    "look at it again, then change it",
  ]),
  check_failed: failure(1, (d: { count: number }) => [
    d.count === 1 ? "a problem was found" : `${d.count} problems were found`,
    "the line of each problem says the way out",
  ]),
  demo_failed: failure(1, (d: { reason: string }) => [
    `the demo did not go as it should: ${d.reason}`,
    "the gateway's log is above; please report it with that",
  ]),
  file_exists: failure(1, (d: { file: string }) => [
    `${d.file} is there already`,
    "nothing was changed; move it away, or choose another place",
  ]),
  file_unreadable: failure(1, (d: { file: string; reason: string }) => [
    `cannot read ${d.file}: ${d.reason}`,
    "check the path and its permissions",
  ]),
  file_unwritable: failure(1, (d: { file: string; reason: string }) => [
    `cannot write ${d.file}: ${d.reason}`,
    "check the folder and its permissions; nothing was changed",
  ]),
  file_not_durable: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} was written, but the disk did not confirm it: ${d.reason}`,
    "check the disk; if the machine stops now, the change may be lost",
  ]),
  output_lost: failure(1, (d: { reason: string }) => [
    `cannot write to standard output: ${d.reason}`,
    "what the command had to do was done; ask again for what it prints",
  ]),
} as const;
