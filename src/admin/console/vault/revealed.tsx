import { useEffect, useState } from "preact/hooks";
import { Button } from "../ui/button.tsx";

/** How long a secret stays in sight. */
const staysMs = 20_000;

/** A secret in sight: it hides itself after a while, and when the page is left. */
export function Revealed({ value, onHide }: { readonly value: string; readonly onHide: () => void }) {
  const [left, setLeft] = useState(staysMs / 1000);
  useEffect(() => {
    const end = Date.now() + staysMs;
    const timer = setInterval(() => {
      const ms = end - Date.now();
      if (ms <= 0) onHide();
      else setLeft(Math.ceil(ms / 1000));
    }, 250);
    const hide = (): void => {
      if (document.visibilityState === "hidden") onHide();
    };
    document.addEventListener("visibilitychange", hide);
    addEventListener("pagehide", onHide);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", hide);
      removeEventListener("pagehide", onHide);
    };
  }, [onHide]);
  return (
    <div class="item-revealed">
      <pre tabIndex={0} role="region" aria-label="The secret">
        {value}
      </pre>
      <Button small icon="eye-off" onClick={onHide}>
        Hide
      </Button>
      <span class="quiet">hides itself in {left} s</span>
    </div>
  );
}
