import type { ComponentChildren } from "preact";
import type { Tone } from "./notice.tsx";
import "./tag.css";

/** A word of state. Its colour says nothing that the word does not. */
export const Tag = ({
  tone = "quiet",
  title,
  children,
}: {
  readonly tone?: Tone;
  readonly title?: string;
  readonly children: ComponentChildren;
}) => (
  <span class={`tag ${tone}`} title={title}>
    {children}
  </span>
);
