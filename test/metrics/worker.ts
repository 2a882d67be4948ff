import { chat, pass, stage } from "./stage.ts";

// A process of its own for processes.test.ts: counts as many chats as it is told to, and sends what it counted.
const chats = Number(process.argv[2]);
const metrics = stage(chats === 3 ? ["private-2"] : []);
for (let i = 0; i < chats; i += 1) pass(metrics, chat());
metrics.reloaded(chats !== 3);
process.send?.(await metrics.values(), () => process.disconnect?.());
