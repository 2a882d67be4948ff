import type { Item, Renaming } from "../../api/shapes/item.ts";
import { send } from "../client.ts";
import { TextField } from "../ui/text-field.tsx";
import { faultOf } from "./fields.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { textIn, useForm } from "./form.ts";
import { namesOf, pathOf } from "./item-words.ts";

export interface RenameDialogProps {
  readonly item: Item;
  readonly onClose: () => void;
  readonly onRenamed: (item: Item) => void;
}

/** Renames an item, and in the endpoints that name it. */
export function RenameDialog({ item, onClose, onRenamed }: RenameDialogProps) {
  const form = useForm({ name: item.name });
  const name = textIn(form.given, "name").trim();
  return (
    <FormDialog
      title={`Rename ${item.name}`}
      action="Rename"
      form={form}
      beside={["name"]}
      isIdle={name === item.name}
      onClose={onClose}
      work={async () => {
        const body: Renaming = { name, endpoints: item.endpoints.length > 0 };
        onRenamed(await send<Item>("PATCH", pathOf(item), body));
      }}
    >
      <TextField
        label="New name"
        required
        autoFocus
        value={textIn(form.given, "name")}
        onInput={(text) => form.change("name", text)}
        error={faultOf(form.error, "name")}
      />
      {item.endpoints.length > 0 && (
        <p class="quiet">
          {namesOf(item.endpoints)} will name it so too, in postern.yaml. No request is without it meanwhile.
        </p>
      )}
    </FormDialog>
  );
}
