import { useState } from "preact/hooks";
import { codeIn, enter } from "../session.ts";

/** What both places where a link is pasted have in common. */
export function useLink() {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const open = async (): Promise<void> => {
    setBusy(true);
    await enter(codeIn(text));
    setBusy(false);
  };
  return { text, setText, busy, open: () => void open() };
}
