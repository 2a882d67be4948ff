import { useLocation } from "preact-iso";
import { Empty } from "../ui/empty.tsx";
import { Page } from "../ui/page.tsx";

/** What stands at an address that no page of the console has. */
export function NoSuchPage() {
  const { path } = useLocation();
  return (
    <Page title="No such page">
      <Empty title="The console has no page at this address.">
        <p>
          <code>{path}</code> may be mistyped, or an old link. Go to the <a href="/vault">vault</a>, or choose
          a page from the menu.
        </p>
      </Empty>
    </Page>
  );
}
