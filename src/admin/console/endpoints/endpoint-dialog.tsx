import { useState } from "preact/hooks";
import type { CheckedEndpoint, Endpoint, Endpoints } from "../../api/shapes/endpoint.ts";
import type { Item } from "../../api/shapes/item.ts";
import { type ApiError, asApiError } from "../api-error.ts";
import { send } from "../client.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Notice } from "../ui/notice.tsx";
import { notify } from "../ui/notify.tsx";
import { sentence } from "../ui/words.ts";
import { check, type Question, useChecking } from "./checking.ts";
import { type Draft, draftOf, faultOfAliases, faultOfEmpty, type Field, fields, writtenOf } from "./draft.ts";
import { EndpointForm } from "./endpoint-form.tsx";
import { Refused } from "./refused.tsx";

/** Adds an endpoint, or changes one; what is wrong is said beside each field, by the reader of the configuration file. */
export function EndpointDialog({
  endpoint,
  types,
  items,
  onClose,
}: {
  /** The one that is changed; undefined for a new one. */
  readonly endpoint: Endpoint | undefined;
  readonly types: Endpoints["types"];
  readonly items: readonly Item[];
  readonly onClose: () => void;
}) {
  // What the file said when the form was opened, although the page behind it goes on looking.
  const [original] = useState(endpoint);
  const [draft, setDraft] = useState(() => draftOf(original));
  const [touched, setTouched] = useState<readonly Field[]>([]);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<ApiError>();
  const question: Question = {
    name: draft.name,
    endpoint: writtenOf(draft, original),
    existing: original !== undefined,
  };
  const { said, error } = useChecking(question);
  const change = (changed: Partial<Draft>): void => {
    setDraft((draft) => ({ ...draft, ...changed }));
    // Which credentials fit depends on the type.
    const about = fields.filter(
      (field) => field in changed || (field === "credentials" && "type" in changed),
    );
    setTouched((touched) => [...new Set([...touched, ...about])]);
  };
  const own = (field: Field): string | undefined => (field === "aliases" ? faultOfAliases(draft) : undefined);
  const faultAt = (field: Field): string | undefined => {
    if (!touched.includes(field)) return undefined;
    const wrong = own(field) ?? textOf(said, field);
    return wrong && (faultOfEmpty(draft, field) ?? wrong);
  };
  const submit = async (): Promise<void> => {
    setTouched(fields);
    setRefused(undefined);
    if (faultOfAliases(draft) !== undefined) return focusFault();
    setBusy(true);
    try {
      if ((await check(question)).problems.length > 0) return focusFault();
      if (original === undefined)
        await send("POST", "/endpoints", { name: question.name, endpoint: question.endpoint });
      else
        await send("PUT", `/endpoints/${encodeURIComponent(original.name)}`, {
          endpoint: question.endpoint,
          version: original.version,
        });
      notify({
        tone: "good",
        text: original === undefined ? `Added ${draft.name}.` : `Changed ${draft.name}.`,
      });
      onClose();
    } catch (error) {
      setRefused(asApiError(error));
    } finally {
      setBusy(false);
    }
  };
  const elsewhere = said?.problems.filter(({ key }) => !fields.some((field) => field === key)) ?? [];
  const kept = Object.keys(original?.written ?? {}).filter((key) => !fields.some((field) => field === key));
  return (
    <Dialog
      open
      title={original === undefined ? "Add Endpoint" : `Edit ${original.name}`}
      onClose={onClose}
      onSubmit={() => void submit()}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={busy}>
            {original === undefined ? "Add Endpoint" : "Save"}
          </Button>
        </>
      }
    >
      <EndpointForm
        draft={draft}
        isNew={original === undefined}
        types={types}
        items={items}
        url={said?.url ?? undefined}
        faultAt={faultAt}
        onChange={change}
      />
      {kept.length > 0 && <p class="field-help">Stays as the file has it: {kept.join(", ")}.</p>}
      {elsewhere.map(({ message, hint }) => (
        <Notice key={message} tone="bad" title={sentence(message)}>
          {sentence(hint)}
        </Notice>
      ))}
      {said?.problems.length === 0 &&
        said.warnings.map(({ message, hint }) => (
          <Notice key={message} tone="warn" title={sentence(message)}>
            {sentence(hint)}
          </Notice>
        ))}
      <Refused error={refused ?? error} />
    </Dialog>
  );
}

/** What is wrong with a field, and the way out. */
function textOf(said: CheckedEndpoint | undefined, field: Field): string | undefined {
  const found = said?.problems.filter(({ key }) => key === field) ?? [];
  return found.length === 0
    ? undefined
    : found.map(({ message, hint }) => `${sentence(message)} ${sentence(hint)}`).join(" ");
}

/** Goes to the first field that something is wrong with, once that is shown. */
const focusFault = (): void => {
  setTimeout(() =>
    document
      .querySelector<HTMLElement>(
        "dialog [aria-invalid=true]:not(fieldset), dialog fieldset[aria-invalid=true] input",
      )
      ?.focus(),
  );
};
