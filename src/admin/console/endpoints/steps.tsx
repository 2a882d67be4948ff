import type { Endpoint, TestStep } from "../../api/shapes/endpoint.ts";
import { Icon } from "../ui/icon.tsx";
import { sentence } from "../ui/words.ts";
import type { Testing } from "./testing.ts";
import "./steps.css";

const labels: Readonly<Record<TestStep["name"], string>> = {
  credentials: "Credentials",
  dns: "DNS",
  connection: "Connection and TLS",
  certificate: "Client certificate",
  token: "Token",
  models: "Models",
};

/** The steps of a test: those that are done, the one that is under way, and those that are to come. */
export const Steps = ({ endpoint, testing }: { readonly endpoint: Endpoint; readonly testing: Testing }) => (
  <ol class="steps" aria-label="Steps">
    {rowsOf(endpoint, testing).map((row) => (
      <StepRow key={row.name} {...row} />
    ))}
  </ol>
);

interface RowProps {
  readonly name: TestStep["name"];
  readonly state: "passed" | "failed" | "running" | "waits" | "unreached";
  readonly text: string;
}

const said = {
  passed: "passed",
  failed: "failed",
  running: "under way",
  waits: "to come",
  unreached: "not reached",
};

const StepRow = ({ name, state, text }: RowProps) => (
  <li class={state}>
    {state === "passed" || state === "failed" ? (
      <Icon name={state === "passed" ? "check" : "close"} />
    ) : (
      <span class="steps-dot" />
    )}
    <div>
      <p class="steps-name">
        {labels[name]} <span class="unseen">{said[state]}</span>
      </p>
      {text !== "" && <p class="steps-text">{sentence(text)}</p>}
    </div>
  </li>
);

/** The steps that were done, then those that are to be expected. */
function rowsOf(
  { url, certificate, credentials }: Endpoint,
  { steps, end, error }: Testing,
): readonly RowProps[] {
  const { hostname } = new URL(url);
  const ways: Readonly<Record<TestStep["name"], boolean>> = {
    credentials: true,
    dns: !/^\[|^[\d.]+$/.test(hostname),
    connection: true,
    certificate: certificate !== null,
    token: credentials.length > (certificate === null ? 0 : 1),
    models: true,
  };
  const done = steps.map(({ name, ok, text }) => ({ name, state: ok ? "passed" : "failed", text }) as const);
  const over = end !== undefined || error !== undefined;
  const names = (Object.keys(labels) as TestStep["name"][]).filter(
    (name) => ways[name] && !steps.some((step) => step.name === name),
  );
  const after = names.map((name, index) => ({
    name,
    state: over ? ("unreached" as const) : index === 0 ? ("running" as const) : ("waits" as const),
    text: "",
  }));
  return [...done, ...after];
}
