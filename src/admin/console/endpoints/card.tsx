import type { ComponentChildren } from "preact";
import type { Endpoint } from "../../api/shapes/endpoint.ts";
import { endingText, toneOf } from "../live/outcome.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Menu } from "../ui/menu.tsx";
import { Moment } from "../ui/moment.tsx";
import { Notice } from "../ui/notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { daysText, durationText, sentence } from "../ui/words.ts";
import { wayOut } from "../ways-out.ts";

/** How many models a card names before it only counts. */
const mostModels = 4;

/** One endpoint: how it is, where it is, and what can be done with it. */
export function EndpointCard({
  endpoint,
  onOpen,
}: {
  readonly endpoint: Endpoint;
  readonly onOpen: (what: "edit" | "test" | "use" | "remove") => void;
}) {
  const { name, type, url, local, credentials, certificate, refuses, findings, last } = endpoint;
  return (
    <section class="card endpoint" aria-labelledby={`endpoint-${name}`}>
      <header>
        <h2 id={`endpoint-${name}`}>{name}</h2>
        {refuses === null ? <Tag tone="good">ready</Tag> : <Tag tone="bad">refuses requests</Tag>}
        {endpoint.default && <Tag title="Requests whose model no endpoint names go here.">default</Tag>}
        {type !== "dedicated" && <Tag>{type}</Tag>}
        <div class="endpoint-actions">
          <Button small onClick={() => onOpen("test")}>
            Test <span class="unseen">{name}</span>
          </Button>
          <Button small onClick={() => onOpen("use")}>
            Use <span class="unseen">{name}</span>
          </Button>
          <Menu
            label={`More for ${name}`}
            icon="more"
            small
            items={[
              { label: "Edit", onSelect: () => onOpen("edit") },
              { label: "Remove", onSelect: () => onOpen("remove"), danger: true },
            ]}
          />
        </div>
      </header>
      {refuses !== null && (
        <Notice tone="bad" title={sentence(refuses.message)}>
          {sentence(wayOut(refuses.code, refuses.hint))}{" "}
          {/^(credential|certificate)_/.test(refuses.code) && <ToVault />}
        </Notice>
      )}
      {findings
        .filter(({ level }) => level === "warning")
        .map((finding) => (
          <Warning key={finding.item} {...finding} />
        ))}
      <dl>
        <Row label="Local URL">
          {local.map((base) => (
            <span key={base} class="endpoint-local">
              <code>{base}</code>
              <CopyButton text={base} label={`Copy the local URL of ${name}`} />
            </span>
          ))}
        </Row>
        <Row label="Endpoint">
          <code>{url}</code>
        </Row>
        <Row label="Credentials">
          {credentials.join(", ")}
          {certificate !== null && (
            <Tag tone={toneOfDays(certificate.daysLeft)} title={`The certificate ${certificate.item}`}>
              {daysText(certificate.expires)}
            </Tag>
          )}
        </Row>
        <Row label="Models">
          <Models endpoint={endpoint} />
        </Row>
        <Row label="Last request">
          {last === null ? (
            <span class="quiet">none yet</span>
          ) : (
            <>
              <Tag tone={toneOf(last)} title={last.outcome}>
                {endingText(last)}
              </Tag>
              <span>
                {durationText(last.latencyMs)}, <Moment at={last.at} />
              </span>
            </>
          )}
        </Row>
      </dl>
    </section>
  );
}

const ToVault = () => <a href="/vault">Open the vault</a>;

/** What will be wrong with a credential soon. The catalogue's way out is a command; here it is a page. */
const Warning = ({ item, code, message, hint }: Endpoint["findings"][number]) =>
  code === "credential_expiring" ? (
    <Notice tone="warn" title={`The certificate "${item}" expires soon.`}>
      Put a new one in its place in the <a href="/vault">vault</a> before it does.
    </Notice>
  ) : (
    <Notice tone="warn" title={sentence(message)}>
      {sentence(wayOut(code, hint))}
    </Notice>
  );

const Row = ({ label, children }: { readonly label: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

function Models({ endpoint: { models, aliases } }: { readonly endpoint: Endpoint }) {
  const names = [...models, ...Object.keys(aliases)];
  if (names.length === 0) return <span class="quiet">whichever it serves</span>;
  const more = names.length - mostModels;
  return (
    <span title={more > 0 ? names.join("\n") : undefined}>
      {names.slice(0, mostModels).join(", ")}
      {more > 0 && <span class="quiet">, and {more} more</span>}
    </span>
  );
}

const toneOfDays = (days: number): "good" | "warn" | "bad" =>
  days < 0 ? "bad" : days < 30 ? "warn" : "good";
