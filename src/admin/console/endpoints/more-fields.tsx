import { useState } from "preact/hooks";
import { CheckField } from "../ui/check-field.tsx";
import { TextField } from "../ui/text-field.tsx";
import type { Draft } from "./draft.ts";
import type { Parts, PartsKey } from "./parts.ts";

interface Group {
  readonly key: PartsKey;
  readonly title: string;
  readonly help: string;
  /** The key in the file, what it is called, and what may stand there. */
  readonly fields: readonly (readonly [key: string, label: string, example: string])[];
}

const groups: readonly Group[] = [
  {
    key: "timeouts",
    title: "Timeouts",
    help: "Empty: those that the file has for all endpoints.",
    fields: [
      ["connect", "To connect", "10s"],
      ["first-byte", "To the first byte", "10m"],
      ["idle", "Of silence", "5m"],
    ],
  },
  {
    key: "probe",
    title: "Probe",
    help: "A path of its origin that answers 2xx while all is well. Empty: none is asked.",
    fields: [
      ["path", "Path", "/health"],
      ["every", "Asked every", "10s"],
    ],
  },
  {
    key: "cache",
    title: "Cache",
    help: "Of answers to embeddings and deterministic requests, in memory.",
    fields: [
      ["size", "Size", "64MiB"],
      ["ttl", "Kept for", "1h"],
    ],
  },
];

interface MoreFieldsProps {
  readonly draft: Draft;
  readonly faultAt: (key: PartsKey) => string | undefined;
  readonly onChange: (changed: Partial<Draft>) => void;
}

/** What most endpoints do without. It is open, and stays so, where something in it is wrong. */
export function MoreFields({ draft, faultAt, onChange }: MoreFieldsProps) {
  const [open, setOpen] = useState(false);
  const wrong = groups.some(({ key }) => faultAt(key) !== undefined);
  return (
    <details
      class="endpoint-more"
      open={open || wrong}
      onToggle={({ currentTarget }) => {
        currentTarget.open ||= wrong;
        setOpen(currentTarget.open);
      }}
    >
      <summary>More</summary>
      {groups.map((group) => (
        <PartsFields
          key={group.key}
          group={group}
          parts={draft[group.key]}
          fault={faultAt(group.key)}
          onChange={(parts) => onChange({ [group.key]: parts })}
        />
      ))}
    </details>
  );
}

function PartsFields({
  group: { key, title, help, fields },
  parts,
  fault,
  onChange,
}: {
  readonly group: Group;
  readonly parts: Parts | undefined;
  readonly fault: string | undefined;
  readonly onChange: (parts: Parts | undefined) => void;
}) {
  const change = (name: string) => (value: string | boolean) => onChange({ ...parts, [name]: value });
  return (
    <fieldset class="field endpoint-parts" aria-invalid={fault !== undefined}>
      <legend>{title}</legend>
      {key === "cache" && (
        <CheckField
          label="Keep answers"
          checked={parts !== undefined}
          onChange={(keeps) => onChange(keeps ? {} : undefined)}
        />
      )}
      {parts !== undefined &&
        fields.map(([name, label, example]) => (
          <TextField
            key={name}
            label={label}
            mono
            placeholder={example}
            value={String(parts[name] ?? "")}
            onInput={change(name)}
          />
        ))}
      {key === "cache" && parts !== undefined && (
        <CheckField
          label="Shared by all local keys"
          checked={parts["shared"] === true}
          onChange={change("shared")}
        />
      )}
      {fault !== undefined && (
        <p class="field-error" role="alert">
          {fault}
        </p>
      )}
      <p class="field-help">{help}</p>
    </fieldset>
  );
}
