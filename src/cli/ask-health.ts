import { get } from "node:http";
import type { Address } from "../config/config.ts";

/** A gateway on this machine answers in milliseconds, or not at all. */
const answerMs = 1000;

/** Whether a gateway's admin listener answers `/healthz` at this address within a second. */
export async function askHealth(admin: Address): Promise<boolean> {
  const where = "socket" in admin ? { socketPath: admin.socket } : admin;
  return new Promise((resolve) => {
    const request = get(
      { ...where, path: "/healthz", agent: false, signal: AbortSignal.timeout(answerMs) },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    request.on("error", () => resolve(false));
  });
}
