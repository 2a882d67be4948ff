import { CopyButton } from "./copy-button.tsx";
import "./code.css";

/** Text for a terminal or a program, to be copied. */
export const Code = ({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) => (
  <div class="code">
    {/* Long lines are scrolled, also by keyboard. */}
    <pre tabIndex={0} role="region" aria-label={label.replace(/^Copy ?/, "") || "Code"}>
      <code>{text}</code>
    </pre>
    <CopyButton text={text} label={label} />
  </div>
);
