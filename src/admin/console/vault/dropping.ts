import { useEffect, useState } from "preact/hooks";
import { notify } from "../ui/notify.tsx";
import { type Given, readFile } from "./given.ts";

/** What was dropped: the kind of item that it is likely to be, and its fields. */
export interface Dropped {
  readonly kind: "certificate" | "ssh-key";
  readonly given: Given;
}

const isFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;

/** Takes files that are dropped anywhere on the page. Returns whether some are held over it. */
export function useDropping(onDropped: (dropped: Dropped) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hold = (event: DragEvent): void => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      setOver(false);
      if (!isFiles(event)) return;
      // The browser would open the file, and the page would be gone.
      event.preventDefault();
      void droppedIn([...(event.dataTransfer?.files ?? [])]).then(onDropped, (error: unknown) =>
        notify({ tone: "bad", text: error instanceof Error ? error.message : String(error) }),
      );
    };
    addEventListener("dragover", hold);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", hold);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [onDropped]);
  return over;
}

async function droppedIn(files: readonly File[]): Promise<Dropped> {
  const [first, second, ...more] = files;
  if (first === undefined || more.length > 0)
    throw new Error("Drop one file with a certificate and its key, or two: the certificate and the key");
  const isSsh = (await first.slice(0, 200).text()).includes("OPENSSH PRIVATE KEY");
  if (isSsh) return { kind: "ssh-key", given: { key: await readFile(first) } };
  if (second === undefined) return { kind: "certificate", given: { pem: await readFile(first) } };
  const isKey = (file: File): boolean => /\.key$|[-_.]key\./i.test(file.name);
  const [pem, key] = isKey(first) ? [second, first] : [first, second];
  return { kind: "certificate", given: { pem: await readFile(pem), key: await readFile(key) } };
}
