import { useState } from "preact/hooks";
import type { Endpoint } from "../../api/shapes/endpoint.ts";
import { Button } from "../ui/button.tsx";
import { Code } from "../ui/code.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice } from "../ui/notice.tsx";
import { SelectField } from "../ui/select-field.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { codeFor, hubFor, placeOf, settingsFor, type Snippet } from "./snippets.ts";

/** Stands where no model is known; what it is, a test says. */
const unknownModel = "MODEL";

/** What an application is told so that it finds an endpoint. */
export function SnippetsDialog({
  endpoint,
  demandsKeys,
  onClose,
}: {
  readonly endpoint: Endpoint;
  readonly demandsKeys: boolean;
  readonly onClose: () => void;
}) {
  const models = [...endpoint.models, ...Object.keys(endpoint.aliases)];
  const [model, setModel] = useState(models[0] ?? unknownModel);
  const [tab, setTab] = useState("curl");
  const place = placeOf(endpoint.local[0] ?? "", { endpoint: endpoint.name, model, demandsKeys });
  const isHub = endpoint.type === "hugging-face";
  const code = isHub ? [] : codeFor(place);
  const settings = isHub ? hubFor(place) : settingsFor(place);
  const shown = code.find(({ id }) => id === tab);
  return (
    <Dialog
      open
      wide
      title={`Use ${endpoint.name}`}
      onClose={onClose}
      footer={<Button onClick={onClose}>Close</Button>}
    >
      {models.length > 1 && !isHub && (
        <SelectField
          label="Model"
          value={model}
          onChange={setModel}
          options={models.map((model) => ({ value: model, label: model }))}
        />
      )}
      {models.length === 0 && !isHub && (
        <Notice>
          The configuration names no model of it: put one in place of {unknownModel}. A test lists them.
        </Notice>
      )}
      {demandsKeys && (
        <Notice>
          Applications need a local key here: make one in the <a href="/settings?tab=keys">settings</a>, and
          put it in place of YOUR_LOCAL_KEY.
        </Notice>
      )}
      {isHub ? (
        <List snippets={settings} />
      ) : (
        <Tabs
          label="Ways to use it"
          tabs={[...code.map(({ id, name }) => ({ id, label: name })), { id: "tools", label: "Tools" }]}
          selected={tab}
          onSelect={setTab}
        >
          {shown === undefined ? (
            <List snippets={settings} />
          ) : (
            <Code text={shown.code} label={`Copy for ${shown.name}`} />
          )}
        </Tabs>
      )}
    </Dialog>
  );
}

const List = ({ snippets }: { readonly snippets: readonly Snippet[] }) => (
  <div class="snippets">
    {snippets.map(({ id, name, code, note }) => (
      <section key={id}>
        <h3>{name}</h3>
        {code !== "" && <Code text={code} label={`Copy for ${name}`} />}
        {note !== undefined && <p class="quiet">{note}</p>}
      </section>
    ))}
  </div>
);
