import { useEffect, useState } from "preact/hooks";

/** Counts changes of the theme: for what is drawn and does not follow the style sheets by itself. */
export function useThemeChanges(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const theme = new MutationObserver(() => setCount((count) => count + 1));
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => theme.disconnect();
  }, []);
  return count;
}
