import { useState } from "preact/hooks";
import { Page } from "../ui/page.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { AboutTab } from "./about-tab.tsx";
import { AuditTab } from "./audit-tab.tsx";
import { ConfigurationTab } from "./configuration-tab.tsx";
import { KeysTab } from "./keys-tab.tsx";
import { ReloadsTab } from "./reloads-tab.tsx";
import "./settings.css";

const panels = {
  configuration: { label: "Configuration", Panel: ConfigurationTab },
  reloads: { label: "Reloads", Panel: ReloadsTab },
  keys: { label: "Local keys", Panel: KeysTab },
  audit: { label: "Audit", Panel: AuditTab },
  about: { label: "About", Panel: AboutTab },
};
type Name = keyof typeof panels;
const isName = (text: string | null): text is Name => text !== null && Object.hasOwn(panels, text);

const tabs = Object.entries(panels).map(([id, { label }]) => ({ id, label }));

/** The page "Settings". */
export function SettingsPage() {
  const [name, setName] = useState<Name>(() => {
    const asked = new URLSearchParams(location.search).get("tab");
    return isName(asked) ? asked : "configuration";
  });
  const select = (id: string): void => {
    if (!isName(id)) return;
    setName(id);
    // The address leads back to this tab; for the router it is the same page, and the focus stays on the tab.
    history.replaceState(history.state, "", `?tab=${id}`);
  };
  const { Panel } = panels[name];
  return (
    <Page
      title="Settings"
      lead="What the gateway was told, who may use it, and what was done with its vault."
    >
      <Tabs label="Settings" tabs={tabs} selected={name} onSelect={select}>
        <Panel />
      </Tabs>
    </Page>
  );
}
