import { useCallback, useState } from "preact/hooks";
import type { Item, Revealed as RevealedValue } from "../../api/shapes/item.ts";
import type { Kind } from "../../api/shapes/kind.ts";
import { asApiError } from "../api-error.ts";
import { save, send } from "../client.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { notify } from "../ui/notify.tsx";
import { Tag } from "../ui/tag.tsx";
import { dateText, daysText, exactText, sentence } from "../ui/words.ts";
import type { Doing } from "./doing.ts";
import { pathOf } from "./item-words.ts";
import { Revealed } from "./revealed.tsx";

const reveal = async (item: Item): Promise<string> =>
  (await send<RevealedValue>("POST", `${pathOf(item)}/reveal`)).value;

/** Says what went wrong with what has no form of its own. */
const tellFault = (thrown: unknown): void => {
  const { message, hint } = asApiError(thrown);
  notify({ tone: "bad", text: sentence(message), hint: sentence(hint) });
};

export interface ItemRowProps {
  readonly item: Item;
  readonly kind: Kind;
  readonly onDo: (doing: Doing) => void;
}

/** One item of the vault. */
export function ItemRow({ item, kind, onDo }: ItemRowProps) {
  const [shown, setShown] = useState<string>();
  const hide = useCallback(() => setShown(undefined), []);
  const show = (): void => void reveal(item).then(setShown, tellFault);
  const download = (path: string, part?: string): void =>
    void save(
      `${pathOf(item)}/${path}`,
      part === undefined ? {} : { method: "POST", body: { part } },
      item.name,
    ).catch(tellFault);

  const entries: (MenuItem | false)[] = [
    !item.waits &&
      (shown === undefined ? { label: "Show", onSelect: show } : { label: "Hide", onSelect: hide }),
    { label: "Details", onSelect: () => onDo({ what: "facts", item }) },
    ...kind.downloads
      .filter(({ part }) => item.downloads.includes(part))
      .map(({ part, title }) => ({ label: `Download ${title}`, onSelect: () => download("download", part) })),
    item.waits && { label: "Download request (CSR)", onSelect: () => download("request") },
    item.waits && {
      label: "Complete with the certificate",
      onSelect: () => onDo({ what: "complete", item }),
    },
    { label: "Rename", onSelect: () => onDo({ what: "rename", item }) },
    !item.waits && { label: "Rotate", onSelect: () => onDo({ what: "rotate", item }) },
    item.previousUntil !== undefined && {
      label: "Put the previous value back",
      onSelect: () => onDo({ what: "back", item }),
    },
  ];
  return (
    <li class="vault-item" data-item={item.name}>
      <div class="item-name">
        <strong>{item.name}</strong>
        <State item={item} />
      </div>
      <div class="item-value">
        {item.waits ? (
          <span class="quiet">no certificate yet</span>
        ) : (
          <>
            <code class="item-mask">{item.mask}</code>
            <CopyButton label={`Copy ${item.name}`} text={() => reveal(item)} />
          </>
        )}
      </div>
      <Used endpoints={item.endpoints} />
      <div class="item-actions">
        <Button small class="item-delete" onClick={() => onDo({ what: "delete", item })}>
          Delete<span class="unseen"> {item.name}</span>
        </Button>
        <Menu
          small
          icon="more"
          label={`More for ${item.name}`}
          items={entries.filter((entry) => entry !== false)}
        />
      </div>
      {shown !== undefined && <Revealed value={shown} onHide={hide} />}
    </li>
  );
}

/** What is worth knowing of it at a glance. */
const State = ({ item: { expires, expiry, waits, previousUntil } }: { readonly item: Item }) => (
  <span class="item-state">
    {waits && <Tag tone="warn">waits for its certificate</Tag>}
    {expires !== undefined && (
      <Tag
        tone={expiry === "expired" ? "bad" : expiry === "soon" ? "warn" : "quiet"}
        title={exactText(expires)}
      >
        {expiry === "later" ? `expires ${dateText(expires)}` : daysText(expires)}
      </Tag>
    )}
    {previousUntil !== undefined && (
      <Tag title={`The previous value is kept until ${exactText(previousUntil)}`}>rotated</Tag>
    )}
  </span>
);

const Used = ({ endpoints }: { readonly endpoints: readonly string[] }) => (
  <div class="item-used">
    {endpoints.length > 0 && (
      <>
        <span class="quiet">used by </span>
        {endpoints.map((endpoint, index) => (
          <span key={endpoint}>
            {index > 0 && ", "}
            <a href="/endpoints">{endpoint}</a>
          </span>
        ))}
      </>
    )}
  </div>
);
