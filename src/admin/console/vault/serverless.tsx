import type { Item, NewItem } from "../../api/shapes/item.ts";
import type { Kind } from "../../api/shapes/kind.ts";
import { send } from "../client.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { TextField } from "../ui/text-field.tsx";
import type { Doing } from "./doing.ts";
import { faultOf } from "./fields.tsx";
import { errorElsewhere, textIn, useForm } from "./form.ts";
import { ItemRow } from "./item-row.tsx";

export interface ServerlessProps {
  readonly kind: Kind;
  readonly items: readonly Item[];
  readonly onDo: (doing: Doing) => void;
  readonly onAdded: (item: Item, how: NewItem["how"]) => void;
}

/** The platform's first section: keys of the serverless API, made with a name and one button. */
export function Serverless({ kind, items, onDo, onAdded }: ServerlessProps) {
  const form = useForm();
  const name = textIn(form.given, "name");
  const generate = async (): Promise<void> => {
    const body: NewItem = { how: "generate", kind: kind.name, name: name.trim() };
    onAdded(await send<Item>("POST", "/items", body), "generate");
    form.change("name", "");
  };
  return (
    <section class="vault-section" aria-labelledby="serverless">
      <h2 id="serverless">Serverless Credentials</h2>
      <div class="vault-group">
        <h3>{kind.plural}</h3>
        <div>
          <form
            class="serverless-new"
            onSubmit={(event) => {
              event.preventDefault();
              if (!form.busy) form.submit(generate);
            }}
          >
            <TextField
              label={`${kind.title} Name`}
              placeholder="Enter a name"
              required
              value={name}
              onInput={(text) => form.change("name", text)}
              error={faultOf(form.error, "name")}
            />
            <div class="serverless-buttons">
              <Button type="submit" kind="primary" busy={form.busy}>
                Generate
              </Button>
              <Button onClick={() => onDo({ what: "add", kind })}>Use an existing one</Button>
            </div>
          </form>
          <Failure error={errorElsewhere(form.error, ["name"])} />
          {items.length > 0 && (
            <ul class="vault-items">
              {items.map((item) => (
                <ItemRow key={item.name} item={item} kind={kind} onDo={onDo} />
              ))}
            </ul>
          )}
        </div>
      </div>
    </section>
  );
}
