import type { Socket } from "node:net";
import { type Handover, type Order, type Taken, tell, up } from "./cluster/orders.ts";
import { OrderHandler } from "./cluster/order-handler.ts";
import { SharedQuota, type Verdict } from "./cluster/shared-quota.ts";
import { closeHatches } from "./hatches.ts";
import { logToStandardError } from "./log.ts";
import { settleMemory } from "./settle.ts";

// A worker process of `postern serve`: it does what its primary says, and ends when that is gone.

closeHatches(process);
// A signal to the whole process group, as Ctrl-C in a terminal is, is for the primary, which tells its workers.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(1));

const send = (message: unknown, then?: () => void): void =>
  void process.send?.(message, undefined, undefined, then);
const quota = new SharedQuota(send);
const log = logToStandardError();
const handler = new OrderHandler(log, quota);

process.on("message", (message: Order | Verdict | Handover, socket?: Socket) => {
  if ("binding" in message) {
    send({ taken: message.connection } satisfies Taken);
    // One that has ended on its way does not arrive.
    if (socket !== undefined) handler.receive(socket, message);
  } else if ("entered" in message) quota.hear(message);
  else void obey(message);
});
send(up);

async function obey(order: Order): Promise<void> {
  const { id, name } = order;
  try {
    const value = await handler.handle(order);
    if (name === "begin") settleMemory();
    if (name === "stop") await log.end();
    send({ id, value }, name === "stop" ? () => process.exit(0) : undefined);
  } catch (error) {
    // One that could not begin is of no use, and one that cannot drain is to end nevertheless.
    const over = name === "begin" || name === "stop";
    send({ id, error: tell(error) }, over ? () => process.exit(1) : undefined);
  }
}
