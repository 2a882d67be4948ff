import type { Item } from "../../api/shapes/item.ts";
import { useLoaded } from "../loaded.ts";
import { Button } from "../ui/button.tsx";
import { Code } from "../ui/code.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/failure.tsx";
import { exactText } from "../ui/words.ts";
import { pathOf } from "./item-words.ts";

/** All that is public of an item. */
export function FactsDialog({ item, onClose }: { readonly item: Item; readonly onClose: () => void }) {
  const { value, error } = useLoaded<Item>(pathOf(item));
  const { created, changed, expires, facts } = value ?? item;
  const lines = Object.entries(facts).filter(([, fact]) => !fact.includes("\n"));
  const texts = Object.entries(facts).filter(([, fact]) => fact.includes("\n"));
  return (
    <Dialog open wide title={item.name} onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
      <Failure error={error} />
      <dl class="item-facts">
        <Fact name="Added" text={exactText(created)} />
        <Fact name="Changed" text={exactText(changed)} />
        {expires !== undefined && <Fact name="Expires" text={exactText(expires)} />}
        {lines.map(([name, fact]) => (
          <Fact key={name} name={wordsOf(name)} text={textOf(fact)} />
        ))}
      </dl>
      {texts.map(([name, fact]) => (
        <div key={name} class="item-text">
          <h3>{wordsOf(name)}</h3>
          <Code text={fact.trimEnd()} label={`Copy ${wordsOf(name)}`} />
        </div>
      ))}
    </Dialog>
  );
}

const Fact = ({ name, text }: { readonly name: string; readonly text: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{text}</dd>
  </div>
);

/** `Public key` of `publicKey`. */
function wordsOf(name: string): string {
  if (name === "ca") return "CA";
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A moment as people write it; everything else as it is. */
const textOf = (fact: string): string => (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(fact) ? exactText(fact) : fact);
