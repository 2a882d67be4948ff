import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { leave } from "../session.ts";
import { Button } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Connection } from "./connection.tsx";
import { Mark } from "./mark.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

const pages: readonly { readonly path: string; readonly name: string; readonly icon: IconName }[] = [
  { path: "/vault", name: "Vault", icon: "vault" },
  { path: "/endpoints", name: "Endpoints", icon: "endpoints" },
  { path: "/live", name: "Live", icon: "live" },
  { path: "/playground", name: "Playground", icon: "playground" },
  { path: "/settings", name: "Settings", icon: "settings" },
];

/** The way between the pages; on a narrow window a strip whose button opens it. */
export function Sidebar() {
  const { path } = useLocation();
  const [open, setOpen] = useState(false);
  const here = path === "/" ? "/vault" : path;
  useEffect(() => setOpen(false), [path]);
  return (
    <header
      class={open ? "sidebar open" : "sidebar"}
      onKeyDown={(event) => {
        if (event.key === "Escape") setOpen(false);
      }}
    >
      <div class="sidebar-strip">
        <Mark />
        <Button
          class="sidebar-toggle"
          icon={open ? "close" : "menu"}
          label={open ? "Close the menu" : "Open the menu"}
          more={{ "aria-expanded": open, "aria-controls": "pages" }}
          onClick={() => setOpen(!open)}
        />
      </div>
      <div class="sidebar-body" id="pages">
        <nav aria-label="Pages">
          <ul>
            {pages.map(({ path, name, icon }) => (
              <li key={path}>
                <a href={path} aria-current={path === here ? "page" : undefined}>
                  <Icon name={icon} />
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="sidebar-foot">
          <Connection />
          <div class="sidebar-actions">
            <ThemeSwitch />
            <Button icon="leave" label="Log out" onClick={() => void leave()} />
          </div>
        </div>
      </div>
    </header>
  );
}
