import { useState } from "preact/hooks";
import type { Item, Rotation } from "../../api/shapes/item.ts";
import type { Kind } from "../../api/shapes/kind.ts";
import { send } from "../client.ts";
import { RadioField } from "../ui/radio-field.tsx";
import { SelectField } from "../ui/select-field.tsx";
import { Fields } from "./fields.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { useForm } from "./form.ts";
import { filled } from "./given.ts";
import { pathOf } from "./item-words.ts";

const graces = [
  { value: "24h", label: "24 hours" },
  { value: "1h", label: "1 hour" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
  { value: "0", label: "Not at all" },
];

export interface RotateDialogProps {
  readonly item: Item;
  readonly kind: Kind;
  readonly onClose: () => void;
  readonly onRotated: (item: Item) => void;
}

/** Gives an item another value. */
export function RotateDialog({ item, kind, onClose, onRotated }: RotateDialogProps) {
  const [how, setHow] = useState<Rotation["how"]>(item.renewable ? "generate" : "existing");
  const [grace, setGrace] = useState("24h");
  const form = useForm();
  // What is no secret of it stays as it is.
  const fields = how === "existing" ? kind.fields.filter(({ secret }) => secret) : [];
  return (
    <FormDialog
      title={`Rotate ${item.name}`}
      action="Rotate"
      form={form}
      beside={form.inSight(fields).map(({ name }) => name)}
      onClose={onClose}
      work={async () => {
        const body: Rotation =
          how === "generate" ? { how, grace } : { how, grace, values: filled(fields, form.given) };
        onRotated(await send<Item>("POST", `${pathOf(item)}/rotate`, body));
      }}
    >
      <p class="quiet">
        New requests use the new value; those in flight end with the old one. The service that checks it has
        to know the new one first.
      </p>
      {item.renewable && (
        <RadioField
          label="New value"
          quietLabel
          value={how}
          options={[
            { value: "generate", label: `Generate new ${kind.title}` },
            { value: "existing", label: `Use an existing ${kind.title}` },
          ]}
          onChange={(value) => {
            setHow(value === "generate" ? "generate" : "existing");
            form.forgive();
          }}
        />
      )}
      <Fields fields={fields} form={form} />
      <SelectField
        label="Keep the old value for"
        help="Until then you can put it back."
        value={grace}
        onChange={setGrace}
        options={graces}
      />
    </FormDialog>
  );
}
