import type { ComponentChildren } from "preact";

/** A table of these pages; where there is little room, each row becomes a block. */
export const Table = ({
  caption,
  columns,
  children,
}: {
  /** What it lists; read out, and not shown. */
  readonly caption: string;
  readonly columns: readonly ComponentChildren[];
  readonly children: ComponentChildren;
}) => (
  <table class="settings-table">
    <caption class="unseen">{caption}</caption>
    <thead>
      <tr>
        {columns.map((column, index) => (
          <th key={index} scope="col">
            {column}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
);
