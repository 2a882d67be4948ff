import type { Item, NewItem } from "../../api/shapes/item.ts";
import type { Kind } from "../../api/shapes/kind.ts";
import { send } from "../client.ts";
import { Confirm } from "../ui/confirm.tsx";
import { notify } from "../ui/notify.tsx";
import { AddDialog } from "./add-dialog.tsx";
import { CompleteDialog } from "./complete-dialog.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import type { Doing } from "./doing.ts";
import { FactsDialog } from "./facts-dialog.tsx";
import { pathOf } from "./item-words.ts";
import { RenameDialog } from "./rename-dialog.tsx";
import { RotateDialog } from "./rotate-dialog.tsx";

export interface DialogsProps {
  readonly doing: Doing | undefined;
  readonly kinds: readonly Kind[];
  readonly onClose: () => void;
  readonly onAdded: (item: Item, how: NewItem["how"]) => void;
  /** Something is another one now: it is to be looked at again. */
  readonly onChanged: () => void;
}

/** The dialog that is open, if one is. */
export function Dialogs({ doing, kinds, onClose, onAdded, onChanged }: DialogsProps) {
  if (doing === undefined) return null;
  const done = (text: string): void => {
    notify({ tone: "good", text });
    onClose();
    onChanged();
  };
  if (doing.what === "add")
    return (
      <AddDialog
        kind={doing.kind}
        {...(doing.dropped !== undefined && { dropped: doing.dropped })}
        onClose={onClose}
        onAdded={(item, how) => {
          onClose();
          onAdded(item, how);
        }}
      />
    );
  const { item } = doing;
  const { name } = item;
  const kind = kinds.find((kind) => kind.name === item.kind);
  if (doing.what === "facts") return <FactsDialog item={item} onClose={onClose} />;
  if (doing.what === "delete")
    return <DeleteDialog item={item} onClose={onClose} onDeleted={() => done(`Deleted ${name}.`)} />;
  if (doing.what === "rename")
    return (
      <RenameDialog
        item={item}
        onClose={onClose}
        onRenamed={(renamed) => done(`Renamed ${name} to ${renamed.name}.`)}
      />
    );
  if (doing.what === "back")
    return (
      <Confirm
        open
        title={`Put the previous value of ${name} back?`}
        action="Put it back"
        kind="primary"
        onClose={onClose}
        onConfirm={async () => {
          await send("POST", `${pathOf(item)}/rotate/back`);
          done(`${name} has its previous value back.`);
        }}
      >
        <p>The value that it has now is kept as the previous one for the time that is left.</p>
      </Confirm>
    );
  if (kind === undefined) return null;
  return doing.what === "rotate" ? (
    <RotateDialog
      item={item}
      kind={kind}
      onClose={onClose}
      onRotated={() => done(`${name} has a new value.`)}
    />
  ) : (
    <CompleteDialog
      item={item}
      kind={kind}
      onClose={onClose}
      onCompleted={() => done(`${name} is complete.`)}
    />
  );
}
