import type { Item } from "../../api/shapes/item.ts";
import { send } from "../client.ts";
import { Confirm } from "../ui/confirm.tsx";
import { Notice } from "../ui/notice.tsx";
import { namesOf, pathOf } from "./item-words.ts";

export interface DeleteDialogProps {
  readonly item: Item;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** Asks before an item is removed, and says what would break. */
export function DeleteDialog({ item, onClose, onDeleted }: DeleteDialogProps) {
  const isUsed = item.endpoints.length > 0;
  return (
    <Confirm
      open
      title={`Delete ${item.name}?`}
      action={isUsed ? "Delete anyway" : "Delete"}
      onClose={onClose}
      onConfirm={async () => {
        await send("DELETE", `${pathOf(item)}${isUsed ? "?anyway=true" : ""}`);
        onDeleted();
      }}
    >
      {isUsed && (
        <Notice tone="warn" title={`${namesOf(item.endpoints)} would break.`}>
          Requests are refused until another credential is named there, or an item of this name is added
          again.
        </Notice>
      )}
      <p>It is removed from the vault. Only a backup of the vault brings it back.</p>
    </Confirm>
  );
}
