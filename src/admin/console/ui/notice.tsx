import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";
import "./notice.css";

export type Tone = "good" | "warn" | "bad" | "quiet";

const icons = { good: "check", warn: "warn", bad: "warn", quiet: "info" } as const;

export interface NoticeProps {
  readonly tone?: Tone;
  readonly title?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** Something that the page has to say, where it belongs; what is bad is also read out at once. */
export const Notice = ({ tone = "quiet", title, children }: NoticeProps) => (
  <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : undefined}>
    <Icon name={icons[tone]} />
    <div>
      {title !== undefined && <p class="notice-title">{title}</p>}
      {children !== undefined && <div class="notice-text">{children}</div>}
    </div>
  </div>
);
