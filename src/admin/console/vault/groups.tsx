import type { Item } from "../../api/shapes/item.ts";
import type { Kind } from "../../api/shapes/kind.ts";
import type { Doing } from "./doing.ts";
import { ItemRow } from "./item-row.tsx";

export interface GroupsProps {
  readonly kinds: readonly Kind[];
  readonly items: readonly Item[];
  readonly onDo: (doing: Doing) => void;
}

/** The items, the type of each said once. */
export const Groups = ({ kinds, items, onDo }: GroupsProps) => (
  <div class="vault-groups">
    {kinds.map((kind) => {
      const own = items.filter((item) => item.kind === kind.name);
      return own.length === 0 ? null : (
        <section key={kind.name} class="vault-group" aria-label={kind.plural}>
          <h3>{kind.plural}</h3>
          <ul class="vault-items">
            {own.map((item) => (
              <ItemRow key={item.name} item={item} kind={kind} onDo={onDo} />
            ))}
          </ul>
        </section>
      );
    })}
  </div>
);
