import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A file of the repository. Large ones come from the CDN, as what Git LFS or Xet keeps does. */
interface HubFile {
  readonly path: string;
  readonly content: Buffer;
  readonly large: boolean;
}

/** A request as a server saw it. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
}

const commit = "a".repeat(40);
const sha = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/**
 * A Hub on loopback with one private repository, and its CDN under another origin. The Hub answers 401 without its token;
 * the CDN refuses every request that brings any Authorization, and those whose address it has not signed.
 */
export class Hub implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly seenByCdn: Seen[] = [];
  readonly #token: string;
  readonly #files: readonly HubFile[];
  readonly #hub: Server;
  readonly #cdn: Server;

  private constructor(token: string, files: readonly HubFile[]) {
    this.#token = token;
    this.#files = files;
    this.#hub = createServer((request, response) => void this.#answer(request, response));
    this.#cdn = createServer((request, response) => this.#answerAsCdn(request, response));
  }

  static async start(token: string, files: readonly HubFile[]): Promise<Hub> {
    const hub = new Hub(token, files);
    for (const server of [hub.#hub, hub.#cdn]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    return hub;
  }

  get origin(): string {
    return originOf(this.#hub);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.seen.push(seenOf(request));
    const { pathname, searchParams } = new URL(request.url ?? "", this.origin);
    if (request.headers.authorization !== `Bearer ${this.#token}`)
      return json(response, { error: "Repository not found" }, 401);
    const [, api] = /^\/api\/models\/acme\/private(?:\/(.*))?$/.exec(pathname) ?? [];
    if (api?.startsWith("revision/") === true || (api === undefined && pathname.startsWith("/api/")))
      return json(response, { _id: "1", id: "acme/private", sha: commit, private: true });
    if (api?.startsWith("tree/") === true) return this.#tree(response, searchParams.get("cursor"));
    if (api?.startsWith("paths-info/") === true) {
      const { paths } = JSON.parse(await bodyOf(request)) as { paths: readonly string[] };
      return json(response, this.#files.filter(({ path }) => paths.includes(path)).map(entryOf));
    }
    // The repository's name before it was changed; the Hub redirects to the new one, with its own whole address.
    const old = /^\/acme\/renamed\/(.*)$/.exec(pathname)?.[1];
    if (old !== undefined)
      return void response.writeHead(307, { location: `${this.origin}/acme/private/${old}` }).end();
    // And, as it does for others, with a path alone.
    const older = /^\/acme\/older\/(.*)$/.exec(pathname)?.[1];
    if (older !== undefined)
      return void response.writeHead(307, { location: `/acme/private/${older}` }).end();
    const path = /^\/acme\/private\/resolve\/[^/]+\/(.*)$/.exec(pathname)?.[1];
    const file = this.#files.find((file) => file.path === path);
    if (file === undefined) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
    response.setHeader("x-repo-commit", commit);
    if (!file.large) return give(request, response, file);
    response
      .writeHead(302, {
        location: `${originOf(this.#cdn)}/repos/${file.path}?X-Signature=${sha(file.content)}`,
        "x-linked-size": String(file.content.length),
        "x-linked-etag": `"${sha(file.content)}"`,
        link: `<${this.origin}/api/models/acme/private/xet-read-token/${commit}>; rel="xet-auth", <${originOf(this.#cdn)}/v1/reconstructions/x>; rel="xet-reconstruction-info"`,
      })
      .end();
  }

  /** Two pages. */
  #tree(response: ServerResponse, cursor: string | null): void {
    const half = Math.ceil(this.#files.length / 2);
    const page = cursor === null ? this.#files.slice(0, half) : this.#files.slice(half);
    if (cursor === null)
      response.setHeader(
        "link",
        `<${this.origin}/api/models/acme/private/tree/main?recursive=true&cursor=next>; rel="next"`,
      );
    json(response, page.map(entryOf));
  }

  #answerAsCdn(request: IncomingMessage, response: ServerResponse): void {
    this.seenByCdn.push(seenOf(request));
    const { pathname, searchParams } = new URL(request.url ?? "", originOf(this.#cdn));
    const file = this.#files.find(({ path }) => pathname === `/repos/${path}`);
    if (request.headers.authorization !== undefined) return void response.writeHead(400).end();
    if (file === undefined || searchParams.get("X-Signature") !== sha(file.content))
      return void response.writeHead(403).end();
    response.setHeader("x-cache", "Hit from cloudfront");
    give(request, response, file);
  }
}

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const seenOf = ({ method = "", url = "", headers }: IncomingMessage): Seen => ({
  method,
  url,
  authorization: headers.authorization,
});

const entryOf = ({ path, content, large }: HubFile): object => ({
  type: "file",
  path,
  oid: sha(content).slice(0, 40),
  size: content.length,
  ...(large && { lfs: { oid: sha(content), size: content.length, pointerSize: 134 } }),
  lastCommit: { id: commit, title: "all", date: "2026-01-31T12:00:00.000Z" },
});

function json(response: ServerResponse, data: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(data));
}

/** A file's content, or the range of it that is asked for. */
function give({ headers, method }: IncomingMessage, response: ServerResponse, { content }: HubFile): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
  const from = Number(range?.[1] ?? 0);
  const to = Math.min(Number(range?.[2] ?? Infinity), content.length - 1);
  const part = content.subarray(from, to + 1);
  response.writeHead(range === null ? 200 : 206, {
    etag: `"${sha(content)}"`,
    "content-length": part.length,
    ...(range !== null && { "content-range": `bytes ${from}-${to}/${content.length}` }),
  });
  response.end(method === "HEAD" ? undefined : part);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
