import { LocationProvider, Route, Router } from "preact-iso";
import { EndpointsPage } from "./endpoints/page.tsx";
import { LivePage } from "./live/page.tsx";
import { PlaygroundPage } from "./playground/page.tsx";
import { session } from "./session.ts";
import { SettingsPage } from "./settings/page.tsx";
import { Away } from "./shell/away.tsx";
import { Entrance } from "./shell/entrance.tsx";
import { NoSuchPage } from "./shell/no-such-page.tsx";
import { Renewal } from "./shell/renewal.tsx";
import { Sidebar } from "./shell/sidebar.tsx";
import "./shell/shell.css";
import { Notes } from "./ui/notify.tsx";
import { VaultPage } from "./vault/page.tsx";

/** The whole page: the way in, or the way between its parts and the part that is open. */
export function Console() {
  if (session.value === "checking") return <Away />;
  if (session.value === "none") return <Entrance />;
  return (
    <LocationProvider>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the page
      </a>
      <div class="shell">
        <Sidebar />
        <div class="shell-right">
          <Away />
          <main id="main" tabIndex={-1}>
            <Router onRouteChange={focusOnHeading}>
              <Route path="/" component={VaultPage} />
              <Route path="/vault" component={VaultPage} />
              <Route path="/endpoints" component={EndpointsPage} />
              <Route path="/live" component={LivePage} />
              <Route path="/playground" component={PlaygroundPage} />
              <Route path="/settings" component={SettingsPage} />
              <Route default component={NoSuchPage} />
            </Router>
          </main>
        </div>
      </div>
      <Renewal />
      <Notes />
    </LocationProvider>
  );
}

/** The way to the page, without a trace of it in the address. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector("main")?.focus();
}

/** Whoever listens hears where they are now, and whoever works by keyboard goes on from there. */
const focusOnHeading = (): void => document.querySelector<HTMLElement>("main h1")?.focus();
