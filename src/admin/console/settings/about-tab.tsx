import type { ComponentChildren } from "preact";
import type { About } from "../../api/shapes/about.ts";
import { useLoaded } from "../loaded.ts";
import { switchTheme, theme } from "../shell/theme.ts";
import { Failure } from "../ui/failure.tsx";
import { Loading } from "../ui/loading.tsx";
import { RadioField } from "../ui/radio-field.tsx";
import { durationText, sizeText } from "../ui/words.ts";

const themes = [
  { value: "dark", label: "Dark" },
  { value: "light", label: "Light" },
];

/** What runs here, and where its things lie. */
export function AboutTab() {
  const { value, error } = useLoaded<About>("/about", { everyMs: 5_000 });
  return (
    <div class="settings-panel">
      <Failure error={error} />
      {value === undefined && error === undefined ? (
        <Loading />
      ) : (
        <div class="about">
          {value !== undefined && <Cards {...value} />}
          <Card title="Appearance">
            <RadioField
              label="Theme"
              quietLabel
              value={theme.value}
              options={themes}
              onChange={(wanted) => {
                if (wanted !== theme.value) switchTheme();
              }}
            />
          </Card>
        </div>
      )}
    </div>
  );
}

const Card = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) => (
  <section class="card about-card">
    <h2>{title}</h2>
    {children}
  </section>
);

/** Names and what they stand for; a list is shown one a line. */
const Facts = ({ facts }: { readonly facts: Readonly<Record<string, string | readonly string[]>> }) => (
  <dl class="about-facts">
    {Object.entries(facts).map(([name, text]) => (
      <div key={name}>
        <dt>{name}</dt>
        {[text].flat().map((line) => (
          <dd key={line}>{line}</dd>
        ))}
      </div>
    ))}
  </dl>
);

const Cards = ({ workers, vault, libraries, ...about }: About) => (
  <>
    <Card title="Postern">
      <Facts
        facts={{
          Version: about.version,
          Node: about.node,
          Platform: about.platform,
          ...Object.fromEntries(
            Object.entries(libraries).map(([name, version]) => [properName(name), version]),
          ),
          Documentation: about.documentation,
        }}
      />
    </Card>
    <Card title="This process">
      <Facts
        facts={{
          Process: String(about.pid),
          "Up for": durationText(about.uptimeSeconds * 1000),
          Memory: sizeText(about.memoryBytes),
          Workers:
            workers.wanted === 1
              ? "none: one process serves"
              : `${workers.serving} of ${workers.wanted} serve`,
          "Gateway listens on": about.listen,
          "Console and API": about.admin,
          "Configuration file": about.configuration,
        }}
      />
    </Card>
    <Card title="Vault">
      <Facts
        facts={{
          File: vault.file,
          Identity: vault.identity,
          Generation: String(vault.generation),
          "Sealed for": vault.recipients.map(({ name, recipient }) => `${name}: ${recipient}`),
        }}
      />
    </Card>
  </>
);

const properName = (name: string): string => ({ openssl: "OpenSSL", v8: "V8" })[name] ?? name;
