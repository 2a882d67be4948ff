import { readFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll } from "vitest";
import type { Demand } from "../../src/sandbox/demand.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/endpoint.ts";
import { models } from "../../src/sandbox/model.ts";
import { startBrowser } from "../browser/browser.ts";
import { bearer, type Gateway, type ItemInput, type Settings, startGateway } from "../support/gateway.ts";
import { Folder } from "../support/folder.ts";

let started: Promise<Browser> | undefined;

/** Debian's Chromium, started once for a test file. */
export const browser = (): Promise<Browser> => (started ??= startBrowser());
afterAll(async () => (await started)?.close());

/** What the API answered. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: unknown;
}

/** The error that an answer of the API holds. */
export interface ApiFault {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly type: string;
  readonly param: string | null;
}

export const faultIn = ({ json }: ApiAnswer): ApiFault => (json as { readonly error: ApiFault }).error;

/** How a page is looked at. */
export interface Look {
  readonly theme?: "dark" | "light";
  readonly width?: number;
  readonly height?: number;
  /** The page of the console: "/vault". */
  readonly path?: string;
}

/** What stands behind the console. */
export interface Setting {
  readonly settings?: Readonly<Record<string, unknown>> & { readonly endpoints?: Settings["endpoints"] };
  readonly items?: Readonly<Record<string, ItemInput>>;
  /**
   * A sandbox that demands these, behind an endpoint named `private`; what opens it is in the vault, as `gen-cert` and
   * `private-token`.
   */
  readonly sandbox?: readonly Demand[];
  readonly prepare?: (folder: Folder) => void;
}

/** A real gateway with its console, and the browsers that look at it. */
export class Console implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly sandbox: Sandbox | undefined;
  readonly #contexts: BrowserContext[] = [];
  readonly #ends: (() => Promise<void> | void)[];
  /** What went wrong in a browser: a test that expects some of it takes it out. */
  readonly complaints: string[] = [];

  private constructor(gateway: Gateway, sandbox: Sandbox | undefined, ends: (() => Promise<void> | void)[]) {
    this.gateway = gateway;
    this.sandbox = sandbox;
    this.#ends = ends;
  }

  static async start({
    settings = {},
    items = {},
    sandbox: demands,
    prepare,
  }: Setting = {}): Promise<Console> {
    const ends: (() => Promise<void> | void)[] = [];
    try {
      const { endpoints = {}, ...more } = settings;
      const place = demands && (await sandboxWith(demands, ends));
      const gateway = await startGateway(
        { ...more, endpoints: { ...place?.endpoints, ...endpoints } },
        { ...place?.items, ...items },
        prepare,
      );
      ends.unshift(() => gateway[Symbol.asyncDispose]());
      return new Console(gateway, place?.sandbox, ends);
    } catch (error) {
      for (const end of ends) await end();
      throw error;
    }
  }

  /** The origin of the console. */
  get url(): string {
    return this.gateway.app.admin;
  }

  /** Asks the API with the admin token; a path without /api/v1. A Buffer goes as application/octet-stream. */
  async api(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const headers = new Headers({ authorization: `Bearer ${this.gateway.adminToken}` });
    if (body !== undefined)
      headers.set("content-type", Buffer.isBuffer(body) ? "application/octet-stream" : "application/json");
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers,
      ...(body !== undefined && {
        body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
      }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: isJson ? (JSON.parse(text) as unknown) : undefined,
    };
  }

  /** A fresh one-time link. */
  async link(): Promise<string> {
    return ((await this.api("POST", "/links")).json as { readonly url: string }).url;
  }

  /** A page of a browser of its own, without a session. */
  async visitor({ theme = "dark", width = 1280, height = 800 }: Look = {}): Promise<Page> {
    const context = await (
      await browser()
    ).newContext({ viewport: { width, height }, acceptDownloads: true });
    this.#contexts.push(context);
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: this.url });
    // Whoever switches it in the page keeps that.
    await context.addInitScript(`localStorage["postern-theme"] ??= ${JSON.stringify(theme)}`);
    const page = await context.newPage();
    page.on("console", (message) => {
      // A refusal by the API is an answer like any other; the page has to say what it means.
      const refused =
        message.text().startsWith("Failed to load resource") && /\/api\//.test(message.location().url);
      if (message.type() === "error" && !refused) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error.stack)));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${this.url}/`) && !/^(?:blob|data):/.test(url))
        this.complaints.push(`asked for ${url}`);
    });
    return page;
  }

  /** Opens the console in a browser of its own, by a one-time link. */
  async browse(look: Look = {}): Promise<Page> {
    const page = await this.visitor(look);
    const entered = page.waitForResponse((answer) => answer.url() === `${this.url}/api/v1/session`);
    await page.goto(await this.link());
    await entered;
    await page.waitForFunction("location.hash === ''");
    if (look.path !== undefined) await page.goto(`${this.url}${look.path}`);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const context of this.#contexts) await context.close();
    for (const end of this.#ends) await end();
    if (this.complaints.length > 0) throw new Error(`in the browser: ${this.complaints.join("\n")}`);
  }
}

/** A sandbox, and the endpoint and the items that lead to it. */
async function sandboxWith(
  require: readonly Demand[],
  ends: (() => Promise<void> | void)[],
): Promise<{
  readonly sandbox: Sandbox;
  readonly endpoints: Settings["endpoints"];
  readonly items: Readonly<Record<string, ItemInput>>;
}> {
  const folder = new Folder();
  ends.unshift(() => folder[Symbol.dispose]());
  const sandbox = await startSandbox({ require, folder: folder.file("sandbox") });
  ends.unshift(() => sandbox.stop());
  const { url, ca, certificate, bearerTokenFile, serverlessApiKeyFile } = sandbox;
  const read = (file: string): string => readFileSync(file, "utf8").trim();
  const items: Record<string, ItemInput> = {
    ...(certificate !== undefined && {
      "gen-cert": { kind: "certificate", value: readFileSync(certificate, "utf8") },
    }),
    ...(bearerTokenFile !== undefined && { "private-token": bearer(read(bearerTokenFile)) }),
    ...(serverlessApiKeyFile !== undefined && {
      "private-token": { kind: "serverless-api-key", value: read(serverlessApiKeyFile) },
    }),
  };
  const endpoint = {
    url,
    ca,
    credentials: Object.keys(items),
    models: models.map(({ id }) => id),
    ...(serverlessApiKeyFile !== undefined && { type: "serverless" }),
  };
  return { sandbox, endpoints: { private: endpoint }, items };
}
