import { useState } from "preact/hooks";
import type { Endpoint, Endpoints } from "../../api/shapes/endpoint.ts";
import type { Items } from "../../api/shapes/item.ts";
import { useLoaded } from "../loaded.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loading } from "../ui/loading.tsx";
import { Page } from "../ui/page.tsx";
import { EndpointCard } from "./card.tsx";
import { EndpointDialog } from "./endpoint-dialog.tsx";
import { RemoveDialog } from "./remove-dialog.tsx";
import { SnippetsDialog } from "./snippets-dialog.tsx";
import { TestDialog } from "./test-dialog.tsx";
import "./endpoints.css";

/** How often the state of the endpoints is looked at. */
const everyMs = 5_000;

/** What is open over the page, and for which endpoint. */
type Open =
  | { readonly what: "add" }
  | { readonly what: "edit" | "test" | "use" | "remove"; readonly name: string };

/** The page "Endpoints": each with its state, and what can be done with it. */
export function EndpointsPage() {
  const { value, error, reload } = useLoaded<Endpoints>("/endpoints", { everyMs });
  const items = useLoaded<Items>("/items");
  const [open, setOpen] = useState<Open>();
  const close = (): void => {
    setOpen(undefined);
    void reload();
  };
  const add = (): void => {
    void items.reload();
    setOpen({ what: "add" });
  };
  const chosen =
    open !== undefined && "name" in open
      ? value?.endpoints.find(({ name }) => name === open.name)
      : undefined;
  return (
    <Page
      title="Endpoints"
      lead="Private deployments that this gateway reaches with the credentials of the vault."
      actions={
        <Button kind="primary" icon="plus" onClick={add}>
          Add Endpoint
        </Button>
      }
    >
      {value === undefined && (error === undefined ? <Loading /> : <Failure error={error} />)}
      {value?.endpoints.length === 0 && <NoEndpoint hasItems={items.value?.items.length !== 0} onAdd={add} />}
      <div class="endpoints">
        {value?.endpoints.map((endpoint) => (
          <EndpointCard
            key={endpoint.name}
            endpoint={endpoint}
            onOpen={(what) => {
              if (what === "edit") void items.reload();
              setOpen({ what, name: endpoint.name });
            }}
          />
        ))}
      </div>
      {value !== undefined && (open?.what === "add" || (open?.what === "edit" && chosen !== undefined)) && (
        <EndpointDialog
          endpoint={chosen}
          types={value.types}
          items={items.value?.items ?? []}
          onClose={close}
        />
      )}
      {open?.what === "test" && chosen !== undefined && <TestDialog endpoint={chosen} onClose={close} />}
      {open?.what === "use" && chosen !== undefined && (
        <SnippetsDialog endpoint={chosen} demandsKeys={value?.demandsKeys ?? false} onClose={close} />
      )}
      {open?.what === "remove" && chosen !== undefined && (
        <RemoveDialog endpoint={chosen} others={others(value, chosen)} onClose={close} />
      )}
    </Page>
  );
}

const others = (value: Endpoints | undefined, chosen: Endpoint): readonly Endpoint[] =>
  value?.endpoints.filter(({ name }) => name !== chosen.name) ?? [];

const NoEndpoint = ({ hasItems, onAdd }: { readonly hasItems: boolean; readonly onAdd: () => void }) => (
  <Empty title="No endpoint yet">
    <p>
      An endpoint is a private deployment with its address and the credentials that it wants. Applications
      then call it on this machine, and need neither.
    </p>
    {hasItems ? (
      <Button kind="primary" onClick={onAdd}>
        Add your first endpoint
      </Button>
    ) : (
      <p>
        First put its certificate or token into the <a href="/vault">vault</a>; then come back and name it
        here.
      </p>
    )}
  </Empty>
);
