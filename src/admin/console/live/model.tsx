/** A model's name: cut where there is no room for it, whole in its title. */
export const Model = ({ name }: { readonly name: string | undefined }) => (
  <span title={name}>{name ?? "–"}</span>
);
