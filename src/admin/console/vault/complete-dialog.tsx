import type { Item } from "../../api/shapes/item.ts";
import type { Kind } from "../../api/shapes/kind.ts";
import { send } from "../client.ts";
import { Fields } from "./fields.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { useForm } from "./form.ts";
import { filled } from "./given.ts";
import { pathOf } from "./item-words.ts";

export interface CompleteDialogProps {
  readonly item: Item;
  readonly kind: Kind;
  readonly onClose: () => void;
  readonly onCompleted: (item: Item) => void;
}

/** Takes the certificate that a CA made of an item's request. */
export function CompleteDialog({ item, kind, onClose, onCompleted }: CompleteDialogProps) {
  const form = useForm();
  // The key is in the vault already: only the main field is asked for.
  const main = kind.fields.find(({ secret }) => secret);
  if (main === undefined) return null;
  const fields = [{ ...main, help: "what your CA sent back: the certificate, with its chain if it has one" }];
  return (
    <FormDialog
      title={`Complete ${item.name}`}
      action="Complete"
      form={form}
      beside={[main.name]}
      onClose={onClose}
      work={async () =>
        onCompleted(
          await send<Item>("POST", `${pathOf(item)}/complete`, { values: filled(fields, form.given) }),
        )
      }
    >
      <Fields fields={fields} form={form} />
    </FormDialog>
  );
}
