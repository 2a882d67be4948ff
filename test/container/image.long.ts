import { execFile } from "node:child_process";
import { chown, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Folder } from "../support/folder.ts";
import { Program, postern, readyLine } from "../support/process.ts";

// Over the time of an ordinary test: a Debian is installed, packages are fetched, an image is built. Run by
// `npm run test:long`, as root on Debian.

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const image = "postern-test";
const store =
  process.env["POSTERN_IMAGE_STORE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "postern/image");
const env = { ...process.env, STORAGE_DRIVER: "vfs", BUILDAH_ISOLATION: "chroot" };
const user = 65_532;

const buildah = async (...args: readonly string[]): Promise<string> =>
  (await run("buildah", ["--root", store, ...args], { env })).stdout.trim();

let container = "";
const inside = (...command: readonly string[]): Promise<string> => buildah("run", container, ...command);

beforeAll(async () => {
  const packages = ["buildah", "debootstrap"];
  await run("sh", [
    "-c",
    `command -v ${packages.join(" && command -v ")} || apt-get install -y -qq ${packages.join(" ")}`,
  ]);
  await run(join(root, "tools/image.sh"), [image], { env });
  container = await buildah("from", "--pull-never", image);
});
afterAll(() => buildah("rm", container));

test("the image says who runs it, what, and how it is", async () => {
  const { Docker } = JSON.parse(await buildah("inspect", "--type", "image", image)) as {
    readonly Docker: { readonly config: Readonly<Record<string, unknown>> };
  };
  expect(Docker.config).toMatchObject({
    User: `${user}:${user}`,
    Entrypoint: ["postern"],
    Cmd: ["serve"],
    StopSignal: "SIGTERM",
    Healthcheck: { Test: ["CMD", "postern-probe"] },
  });
});

test("it holds what runs and nothing else: no sources, no tools, no configuration", async () => {
  const held = (await inside("ls", "-A", "/opt/postern")).split("\n");
  expect(held.sort()).toEqual(["LICENSE", "bin", "dist", "package.json"]);
  const pages = (await inside("ls", "-A", "/opt/postern/dist/console")).split("\n");
  expect(pages).toEqual(expect.arrayContaining(["THIRD-PARTY.txt", "assets", "index.html"]));
  await expect(inside("ls", "/etc/postern")).rejects.toThrow(/No such file/);
});

test("it is small: at most 60 MB on top of the Node image", async () => {
  const images = JSON.parse(await buildah("images", "--json")) as readonly {
    readonly names?: readonly string[];
    readonly size: string;
  }[];
  const megabytes = (name: string): number =>
    Number(/^([\d.]+) MB$/.exec(images.find(({ names }) => names?.[0]?.includes(name))?.size ?? "")?.[1]);
  const added = megabytes(`/${image}:`) - megabytes("library/node:");
  expect(added).toBeGreaterThan(0);
  expect(added).toBeLessThan(60);
});

test("it can write nowhere in itself", async () => {
  expect(await inside("id", "-u")).toBe(String(user));
  await expect(inside("touch", "/opt/postern/dist/x")).rejects.toThrow(/Permission denied/);
});

test("it serves a chat through a client certificate from a read-only folder, is healthy, and ends when asked", async () => {
  using folder = new Folder();
  await chown(folder.path, user, user);
  await using sandbox = postern(["sandbox"]);
  const endpoint = JSON.parse(await sandbox.firstLine()) as {
    readonly url: string;
    readonly ca: string;
    readonly certificate: string;
  };

  const mount = `${folder.path}:/etc/postern`;
  await buildah("run", "--volume", mount, container, "postern", "init", "--dir", "/etc/postern");
  const adding = ["vault", "add", "certificate", "gen-cert", "--pem", "/etc/postern/import.pem"];
  folder.write("import.pem", await readFile(endpoint.certificate));
  await chown(folder.file("import.pem"), user, user);
  await buildah("run", "--volume", mount, container, "postern", ...adding);
  folder.write("ca.pem", await readFile(endpoint.ca));
  await chown(folder.file("ca.pem"), user, user);
  folder.write(
    "postern.yaml",
    `listen: [127.0.0.1:0]
admin: 127.0.0.1:0
vault: file:vault.age
identity: file:identity.txt
endpoints:
  private:
    url: ${endpoint.url}
    ca: ca.pem
    credentials: [gen-cert]
`,
  );
  await chown(folder.file("postern.yaml"), user, user);
  const before = folder.contents();

  const command = ["run", "--volume", `${mount}:ro`, container, "postern", "serve"];
  await using server = new Program("buildah", ["--root", store, ...command], { env });
  const ready = await readyLine(server);
  expect(await readFile(`/proc/${ready.pid}/status`, "utf8")).toMatch(
    new RegExp(`^Uid:\\s${user}\\s${user}\\s`, "m"),
  );

  const health = await fetch(`${ready.admin}/healthz`);
  expect(health.status).toBe(200);
  await inside("postern-probe", `${ready.admin}/healthz`);
  await inside("postern-probe", `${ready.admin}/readyz`);

  const models = (await (await fetch(`${ready.listen[0]}/v1/models`)).json()) as {
    readonly data: readonly [{ readonly id: string }];
  };
  const chat = await fetch(`${ready.listen[0]}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer no_key" },
    body: JSON.stringify({
      model: models.data[0].id,
      stream: true,
      messages: [{ role: "user", content: "hello" }],
    }),
  });
  expect(chat.status).toBe(200);
  expect(chat.headers.get("x-sandbox-credentials")).toBe("certificate");
  expect(await chat.text()).toMatch(/data: \[DONE\]\s*$/);

  process.kill(ready.pid, "SIGTERM");
  expect(await server.ended()).toMatchObject({ status: 0 });
  expect(folder.contents()).toEqual(before);
});
