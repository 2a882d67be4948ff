import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { commands } from "../../src/cli/commands.ts";
import { configOf } from "../../src/config/load.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const imageUser = Number(/^USER (\d+):/m.exec(read("Dockerfile"))?.[1]);

interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly Readonly<Record<string, unknown>>[];
  readonly env?: readonly Readonly<Record<string, string>>[];
  readonly [probe: `${string}Probe`]: { readonly exec?: { readonly command: readonly string[] } };
}
interface Pod {
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly initContainers: readonly [Container];
    readonly containers: readonly [Container];
    readonly volumes: readonly [
      { readonly name: string; readonly projected: { readonly defaultMode: number } },
    ];
  };
}

// Kubernetes reads YAML 1.1, in which 0440 is octal.
const documents = parseAllDocuments(read("deploy/kubernetes.yaml"), { version: "1.1" });
const [configMap, pod] = documents.map((document) => document.toJS() as unknown) as [
  { readonly data: Readonly<Record<string, string>> },
  Pod,
];
const { initContainers, containers, volumes } = pod.spec;
const [sidecar] = initContainers;
const [app] = containers;

test("Kubernetes: the configuration in the example is one that Postern takes", () => {
  const config = configOf(configMap.data["postern.yaml"] ?? "", "/etc/postern/postern.yaml");
  expect(config).toMatchObject({
    listen: [{ host: "127.0.0.1", port: 8080 }],
    admin: { host: "127.0.0.1", port: 8081 },
    vault: "/etc/postern/vault.age",
    identity: { file: "/etc/postern/identity.txt" },
  });
});

test("Kubernetes: the sidecar is native, starts first, and has no rights", () => {
  expect(sidecar.restartPolicy).toBe("Always");
  expect(sidecar.securityContext).toEqual({
    runAsUser: imageUser,
    runAsGroup: imageUser,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
  });
  expect(pod.spec.securityContext).toMatchObject({ runAsNonRoot: true, fsGroup: imageUser });
});

test("Kubernetes: the probes ask from inside, since a loopback listener cannot be reached from outside", () => {
  const programs = (["startupProbe", "livenessProbe", "readinessProbe"] as const).map(
    (probe) => sidecar[probe]?.exec?.command,
  );
  expect(programs).toEqual([
    ["postern-probe"],
    ["postern-probe"],
    ["postern-probe", "http://127.0.0.1:8081/readyz"],
  ]);
});

test("Kubernetes: the vault is readable by the sidecar alone", () => {
  expect(volumes[0].projected.defaultMode).toBe(0o440);
  expect(sidecar.volumeMounts).toEqual([
    { name: volumes[0].name, mountPath: "/etc/postern", readOnly: true },
  ]);
  expect(app.volumeMounts).toBeUndefined();
  expect(app.env).toContainEqual({ name: "OPENAI_BASE_URL", value: "http://127.0.0.1:8080/v1" });
});

test("Compose: the application lives in the gateway's network and waits until it is healthy", () => {
  const { services } = parse(read("deploy/compose.yaml")) as {
    readonly services: Readonly<Record<"postern" | "app", Readonly<Record<string, unknown>>>>;
  };
  expect(services.app).toMatchObject({
    network_mode: "service:postern",
    depends_on: { postern: { condition: "service_healthy" } },
    environment: { OPENAI_BASE_URL: "http://127.0.0.1:8080/v1" },
  });
  expect(services.postern).toMatchObject({
    read_only: true,
    cap_drop: ["ALL"],
    volumes: ["./postern:/etc/postern:ro"],
  });
  expect(services.app).not.toHaveProperty("volumes");
});

test("systemd: the unit runs a command that exists, and a wrong configuration does not start again and again", () => {
  const unit = read("deploy/postern.service");
  const command = /^ExecStart=%h\/postern\/bin\/postern (\w+)$/m.exec(unit)?.[1];
  expect(commands.map(({ name }) => name)).toContain(command);
  expect(unit).toMatch(/^RestartPreventExitStatus=2$/m);
  expect(unit).toMatch(/^LimitCORE=0$/m);
});

test("each leaves streams in flight the time that Postern gives them to end", () => {
  const { drainMs } = configOf(configMap.data["postern.yaml"] ?? "", "/etc/postern/postern.yaml");
  const graces = [
    pod.spec.terminationGracePeriodSeconds,
    Number(/stop_grace_period: (\d+)s/.exec(read("deploy/compose.yaml"))?.[1]),
    Number(/^TimeoutStopSec=(\d+)s$/m.exec(read("deploy/postern.service"))?.[1]),
  ];
  // And the ten seconds on top of it that docs/operating.md asks for.
  expect(graces.filter((seconds) => !(seconds * 1000 >= drainMs + 10_000))).toEqual([]);
});

test("image: what the builds import is copied, and let through to the builder", () => {
  const imported = ["rolldown.config.ts", "vite.config.ts"].flatMap((config) =>
    [...read(config).matchAll(/from "\.\/(tools\/[\w-]+\.ts)"/g)].map(([, path = ""]) => path),
  );
  expect(imported).not.toEqual([]);
  const copied = /^COPY (tools\/.*\.ts) tools\/$/m.exec(read("Dockerfile"))?.[1]?.split(" ");
  expect(copied?.toSorted()).toEqual([...new Set(imported)].toSorted());
  const letThrough = read(".dockerignore").split("\n");
  for (const path of imported) expect(letThrough).toContain(`!${path}`);
});
