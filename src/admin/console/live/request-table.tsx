import { Component, type ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { SeenRequest } from "../../api/shapes/live.ts";
import "./request-table.css";

export interface Column {
  readonly name: string;
  readonly cell: (request: SeenRequest) => ComponentChildren;
  readonly numeric?: boolean;
  /** In ems; what is left is shared by those without one. Widths that are fixed do not jump with what they hold. */
  readonly width?: number;
}

export interface RequestTableProps {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly requests: readonly SeenRequest[];
  /** What is said where there is no request. */
  readonly none: string;
  readonly onOpen: (request: SeenRequest) => void;
  /** The pointer and the focus have left the rows, which stood still for them. */
  readonly onLeave: () => void;
}

/**
 * Requests, one a row. The rows are one stop of the Tab key, the arrow keys go from row to row, and Enter opens one.
 * The roles are said aloud because narrow pages lay the rows out as cards, which would lose them.
 */
export function RequestTable({ label, columns, requests, none, onOpen, onLeave }: RequestTableProps) {
  const [active, setActive] = useState<string>();
  const entry = requests.some(({ id }) => id === active) ? active : requests[0]?.id;
  return (
    <div
      class="requests"
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node | null)) onLeave();
      }}
      onPointerLeave={onLeave}
      onKeyDown={goToRow}
    >
      <table role="table" aria-label={label}>
        <colgroup>
          {columns.map(({ name, width }) => (
            <col key={name} style={{ width: width === undefined ? "auto" : `${width}em` }} />
          ))}
        </colgroup>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ name, numeric }) => (
              <th key={name} role="columnheader" scope="col" class={numeric ? "numeric" : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {requests.map((request) => (
            <Row
              key={request.id}
              request={request}
              columns={columns}
              entry={request.id === entry}
              onFocus={setActive}
              onOpen={onOpen}
            />
          ))}
        </tbody>
      </table>
      {requests.length === 0 && <p class="requests-none">{none}</p>}
    </div>
  );
}

interface RowProps {
  readonly request: SeenRequest;
  readonly columns: readonly Column[];
  /** It is where the Tab key enters the table. */
  readonly entry: boolean;
  readonly onFocus: (id: string) => void;
  readonly onOpen: (request: SeenRequest) => void;
}

class Row extends Component<RowProps> {
  /** Most rows are as they were, twice a second. */
  override shouldComponentUpdate({ request, entry }: RowProps): boolean {
    return request !== this.props.request || entry !== this.props.entry;
  }

  override render({ request, columns, entry, onFocus, onOpen }: RowProps) {
    const [first, ...rest] = columns;
    return (
      <tr role="row" onClick={() => onOpen(request)} onFocusIn={() => onFocus(request.id)}>
        <td role="cell">
          <button type="button" class="row-open" tabIndex={entry ? 0 : -1} aria-haspopup="dialog">
            {first?.cell(request)}
          </button>
        </td>
        {rest.map(({ name, cell, numeric }) => (
          <td key={name} role="cell" data-label={name} class={numeric ? "numeric" : undefined}>
            {cell(request)}
          </td>
        ))}
      </tr>
    );
  }
}

function goToRow(event: KeyboardEvent): void {
  const row = (event.target as HTMLElement).closest("tr");
  const rows = row?.parentElement;
  const next = {
    ArrowDown: row?.nextElementSibling,
    ArrowUp: row?.previousElementSibling,
    Home: rows?.firstElementChild,
    End: rows?.lastElementChild,
  }[event.key];
  if (!next) return;
  event.preventDefault();
  next.querySelector<HTMLElement>(".row-open")?.focus();
}
