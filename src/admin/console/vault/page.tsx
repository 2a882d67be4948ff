import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Item, Items, NewItem } from "../../api/shapes/item.ts";
import type { Kind, Kinds } from "../../api/shapes/kind.ts";
import { asApiError } from "../api-error.ts";
import { save } from "../client.ts";
import { useLoaded } from "../loaded.ts";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loading } from "../ui/loading.tsx";
import { Menu } from "../ui/menu.tsx";
import { notify } from "../ui/notify.tsx";
import { Page } from "../ui/page.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { sentence } from "../ui/words.ts";
import { Dialogs } from "./dialogs.tsx";
import type { Doing } from "./doing.ts";
import { type Dropped, useDropping } from "./dropping.ts";
import { Groups } from "./groups.tsx";
import { pathOf } from "./item-words.ts";
import { Serverless } from "./serverless.tsx";
import "./vault.css";

/** Often enough for what the command line adds to be here before anybody looks for it. */
const everyMs = 2_000;
/** As people count: `token-2` before `token-10`. */
const order = new Intl.Collator("en", { numeric: true });
const tabs = [{ id: "vault", label: "Vault" }];

/** The vault, as the platform's users know it. */
export function VaultPage() {
  const { value: { kinds } = { kinds: [] }, error: kindsError } = useLoaded<Kinds>("/kinds");
  const { value, error, reload } = useLoaded<Items>("/items", { everyMs });
  const [doing, setDoing] = useState<Doing>();
  const over = useDropping(
    useCallback(
      ({ kind: name, given }: Dropped) => {
        const kind = kinds.find((kind) => kind.name === name);
        // What is typed into a dialog that is open is not lost to a file that is dropped beside it.
        if (kind !== undefined) setDoing((before) => before ?? { what: "add", kind, dropped: given });
      },
      [kinds],
    ),
  );
  const heading = useRef<HTMLHeadingElement>(null);
  const isChanged = useRef(false);
  const changed = (): void => {
    isChanged.current = true;
    void reload();
  };
  // The button that had the focus may be gone with its row.
  useEffect(() => {
    if (isChanged.current && document.activeElement === document.body)
      heading.current?.focus({ preventScroll: true });
    isChanged.current = false;
  }, [value]);
  const added = (item: Item, how: NewItem["how"]): void => {
    changed();
    tellAdded(item, how);
    const kind = kinds.find(({ name }) => name === item.kind);
    if (kind !== undefined) void saveNew(item, kind, how);
  };
  const [serverless, ...others] = kinds;
  const items = (value?.items ?? []).toSorted((a, b) => order.compare(a.name, b.name));
  const own = items.filter((item) => item.kind !== serverless?.name);
  return (
    <Page title="Your Account">
      <Tabs label="Your account" tabs={tabs} selected="vault" onSelect={() => {}}>
        <Failure error={error ?? kindsError} />
        {(value === undefined || serverless === undefined) && (error ?? kindsError) === undefined && (
          <Loading />
        )}
        {serverless !== undefined && value !== undefined && (
          <>
            <Serverless
              kind={serverless}
              items={items.filter((item) => item.kind === serverless.name)}
              onDo={setDoing}
              onAdded={added}
            />
            <section class="vault-section" aria-labelledby="vault">
              <header class="vault-head">
                <div>
                  <h2 id="vault" ref={heading} tabIndex={-1}>
                    Vault
                  </h2>
                  <p class="quiet">All your generated or supplied variables</p>
                </div>
                <Menu
                  kind="primary"
                  label="Add Vault Item"
                  items={others.map((kind) => ({
                    label: kind.plural,
                    onSelect: () => setDoing({ what: "add", kind }),
                  }))}
                />
              </header>
              {own.length === 0 ? <Nothing /> : <Groups kinds={others} items={own} onDo={setDoing} />}
            </section>
          </>
        )}
      </Tabs>
      {over && doing === undefined && (
        <div class="vault-drop">Drop a .pem, .p12 or .crt and .key to put the certificate into the vault</div>
      )}
      <Dialogs
        doing={doing}
        kinds={kinds}
        onClose={() => setDoing(undefined)}
        onAdded={added}
        onChanged={changed}
      />
    </Page>
  );
}

const Nothing = () => (
  <Empty title="Your vault is empty.">
    <p>
      Drag the <code>.pem</code> that the platform gave you onto this page, or press <b>Add Vault Item</b>.
      Then name it under an endpoint's credentials, on the page <a href="/endpoints">Endpoints</a>.
    </p>
  </Empty>
);

function tellAdded({ name, downloads }: Item, how: NewItem["how"]): void {
  const next = {
    generate: downloads.includes("ca")
      ? "Give the certificate of its CA to your deployment: the item's menu downloads it."
      : "It works once the service that checks it knows it.",
    existing: "Name it under an endpoint's credentials to use it.",
    request: "Have your CA sign the request; then complete the item from its menu.",
  };
  notify({ tone: "good", text: `Added ${name} to your vault.`, hint: next[how] });
}

/** What was made here and is a file is also downloaded, as the platform does: a certificate's .pem, a request. */
async function saveNew(item: Item, { fields }: Kind, how: NewItem["how"]): Promise<void> {
  const isFile = fields.find(({ secret }) => secret)?.multiline === true;
  try {
    if (how === "request") await save(`${pathOf(item)}/request`, {}, `${item.name}.csr`);
    else if (how === "generate" && isFile)
      await save(`${pathOf(item)}/download`, { method: "POST", body: { part: "file" } }, item.name);
  } catch (error) {
    const { message, hint } = asApiError(error);
    notify({ tone: "bad", text: sentence(message), hint: sentence(hint) });
  }
}
