import type { ComponentChildren } from "preact";
import { useLayoutEffect } from "preact/hooks";
import "./page.css";

export interface PageProps {
  readonly title: string;
  /** One line under the title. */
  readonly lead?: ComponentChildren;
  /** What can be done here, at the right of the title. */
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** One page of the console: its heading, to which the shell gives the focus on the way here, and what stands below. */
export function Page({ title, lead, actions, children }: PageProps) {
  useLayoutEffect(() => {
    document.title = `${title} · Postern`;
  }, [title]);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {lead !== undefined && <p class="page-lead">{lead}</p>}
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
