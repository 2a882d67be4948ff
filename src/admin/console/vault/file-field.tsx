import { useRef, useState } from "preact/hooks";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { TextField } from "../ui/text-field.tsx";
import { sizeText } from "../ui/words.ts";
import { type GivenFile, readFile } from "./given.ts";

export interface FileFieldProps {
  readonly label: string;
  readonly required: boolean;
  readonly help: string;
  readonly error?: string | undefined;
  readonly value: string | GivenFile;
  readonly onChange: (value: string | GivenFile) => void;
}

/** A text that mostly stands in a file: it can be chosen, dropped here, or pasted. */
export function FileField({ label, required, help, error, value, onChange }: FileFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState<string>();
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setWrong(undefined);
    try {
      onChange(await readFile(file));
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  const said = wrong ?? error;
  return (
    <div
      class="file-field"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        // Or the whole page would take it.
        event.stopPropagation();
        event.preventDefault();
        void take(event.dataTransfer?.files[0]);
      }}
    >
      {typeof value === "string" ? (
        <TextField
          label={label}
          required={required}
          help={help}
          error={said}
          secret
          multiline
          rows={4}
          value={value}
          onInput={onChange}
        />
      ) : (
        <ChosenFile label={label} error={said} file={value} onDrop={() => onChange("")} />
      )}
      <input
        ref={input}
        type="file"
        class="unseen"
        tabIndex={-1}
        aria-hidden="true"
        data-field={label}
        onChange={(event) => {
          void take(event.currentTarget.files?.[0]);
          // The same file can be chosen again after it was mended.
          event.currentTarget.value = "";
        }}
      />
      <Button small icon="upload" onClick={() => input.current?.click()}>
        {typeof value === "string" ? "Choose a file" : "Choose another file"}
      </Button>
    </div>
  );
}

const ChosenFile = ({
  label,
  error,
  file: { file, base64 },
  onDrop,
}: {
  readonly label: string;
  readonly error: string | undefined;
  readonly file: GivenFile;
  readonly onDrop: () => void;
}) => (
  <div class="field" role="group" aria-label={label}>
    <span class="chosen-label">{label}</span>
    <p class={error === undefined ? "chosen-file" : "chosen-file wrong"}>
      <Icon name="key" />
      <span class="chosen-name">{file}</span>
      <span class="quiet">{sizeText(Math.floor((base64.length * 3) / 4))}</span>
      <Button small icon="close" label={`Leave ${file} out`} onClick={onDrop} />
    </p>
    {error !== undefined && (
      <p class="field-error" role="alert">
        {error}
      </p>
    )}
  </div>
);
