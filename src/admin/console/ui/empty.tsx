import type { ComponentChildren } from "preact";
import "./empty.css";

/** Where there is nothing yet: what would stand here, and the step that leads there. */
export const Empty = ({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children}
  </div>
);
