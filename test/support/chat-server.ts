import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const model = "meta-llama/Llama-3.2-3B-Instruct";
export const words = ["It", " came", " through", " nginx", "."];

const chunk = (delta: Readonly<Record<string, string>>, finish: string | null = null) =>
  `data: ${JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  if (request.url === "/v1/models") {
    const list = { object: "list", data: [{ id: model, object: "model", created: 1, owned_by: "test" }] };
    response.setHeader("content-type", "application/json").end(JSON.stringify(list));
    return;
  }
  if (request.url !== "/v1/chat/completions") {
    response.writeHead(404).end();
    return;
  }
  const { stream } = JSON.parse(Buffer.concat(pieces).toString()) as { stream?: boolean };
  if (stream !== true) {
    const message = { role: "assistant", content: words.join("") };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    response
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", created: 1, model, choices }));
    return;
  }
  response.setHeader("content-type", "text/event-stream").write(chunk({ role: "assistant" }));
  for (const word of words) response.write(chunk({ content: word }));
  response.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
}

/** The smallest server that an OpenAI client can chat with; plain HTTP, for a proxy to stand before. */
export async function startChatServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
