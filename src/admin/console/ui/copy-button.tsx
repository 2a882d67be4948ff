import { useEffect, useState } from "preact/hooks";
import { Button } from "./button.tsx";
import { notify } from "./notify.tsx";

const thanksMs = 2_000;

/** Copies a text; `text` may be asked for only then, as a secret's is. */
export function CopyButton({
  text,
  label = "Copy",
}: {
  readonly text: string | (() => Promise<string>);
  readonly label?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), thanksMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setCopied(true);
    } catch (error) {
      notify({ tone: "bad", text: "Nothing was copied.", hint: error instanceof Error ? error.message : "" });
    }
  };
  return (
    <Button
      small
      class="copy"
      icon={copied ? "check" : "copy"}
      label={copied ? "Copied" : label}
      onClick={() => void copy()}
    />
  );
}
