import { useState } from "preact/hooks";
import type { MadeLocalKey, NewLocalKey } from "../../api/shapes/keys.ts";
import { type ApiError, asApiError } from "../api-error.ts";
import { send } from "../client.ts";
import { Button } from "../ui/button.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/failure.tsx";
import { Notice } from "../ui/notice.tsx";
import { TextField } from "../ui/text-field.tsx";
import { sentence } from "../ui/words.ts";
import { EndpointChoice } from "./endpoint-choice.tsx";

interface KeyCreateProps {
  readonly open: boolean;
  /** Whether no key is demanded yet. */
  readonly first: boolean;
  readonly onClose: () => void;
  readonly onMade: (key: MadeLocalKey) => void;
}

/** Asks for whom a key is, and what it may use. */
export const KeyCreate = ({ open, ...props }: KeyCreateProps) => (open ? <OpenKeyCreate {...props} /> : null);

function OpenKeyCreate({ first, onClose, onMade }: Omit<KeyCreateProps, "open">) {
  const [name, setName] = useState("");
  const [endpoints, setEndpoints] = useState<readonly string[]>([]);
  const [models, setModels] = useState("");
  const [limits, setLimits] = useState<Limits>({
    requestsPerMinute: "",
    tokensPerMinute: "",
    concurrency: "",
  });
  const [agreed, setAgreed] = useState(!first);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const create = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const asked = {
        name: name.trim(),
        endpoints: [...endpoints],
        models: linesOf(models),
        limits: numbersIn(limits),
      };
      onMade(await send<MadeLocalKey>("POST", "/keys", asked satisfies NewLocalKey));
    } catch (error) {
      setError(asApiError(error));
      setBusy(false);
    }
  };
  const atName = error?.code.startsWith("local_key_") === true;
  return (
    <Dialog
      open
      title="Create a Local Key"
      onClose={onClose}
      onSubmit={() => void create()}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={!agreed || name.trim() === ""}>
            Create Key
          </Button>
        </>
      }
    >
      <TextField
        label="Application"
        required
        autoFocus
        value={name}
        onInput={setName}
        placeholder="editor"
        help="Who is to use it: letters, digits, dots, dashes and underscores."
        error={atName ? `${sentence(error.message)} ${sentence(error.hint)}` : undefined}
      />
      <EndpointChoice chosen={endpoints} onChange={setEndpoints} />
      <TextField
        label="Models"
        multiline
        rows={2}
        mono
        value={models}
        onInput={setModels}
        help="One a line, as requests name them. Empty: all models."
      />
      <fieldset class="field settings-limits">
        <legend>Limits</legend>
        {limitFields.map(({ key, label }) => (
          <TextField
            key={key}
            label={label}
            type="number"
            min={1}
            step={1}
            value={limits[key]}
            onInput={(text) => setLimits({ ...limits, [key]: text })}
          />
        ))}
        <p class="field-help">Empty: no limit.</p>
      </fieldset>
      {first && (
        <Notice tone="warn" title="It is the first key.">
          <p>From then on every request to the gateway needs a key; whoever sends none is refused.</p>
          <CheckField label="Demand keys from now on" checked={agreed} onChange={setAgreed} />
        </Notice>
      )}
      {!atName && <Failure error={error} />}
    </Dialog>
  );
}

type Limits = Readonly<Record<keyof NonNullable<NewLocalKey["limits"]>, string>>;

const limitFields = [
  { key: "requestsPerMinute", label: "Requests per minute" },
  { key: "tokensPerMinute", label: "Tokens per minute" },
  { key: "concurrency", label: "Requests at once" },
] as const;

const numbersIn = (limits: Limits): NonNullable<NewLocalKey["limits"]> =>
  Object.fromEntries(
    Object.entries(limits)
      .filter(([, text]) => text !== "")
      .map(([key, text]) => [key, Number(text)]),
  );

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
