import type { Endpoints } from "../../api/shapes/endpoint.ts";
import type { Item } from "../../api/shapes/item.ts";
import { SelectField } from "../ui/select-field.tsx";
import { TextField } from "../ui/text-field.tsx";
import { CredentialsField } from "./credentials-field.tsx";
import type { Draft, Field } from "./draft.ts";
import { MoreFields } from "./more-fields.tsx";

const typeNames = {
  dedicated: "Dedicated or private deployment",
  serverless: "Serverless API",
  "hugging-face": "Hugging Face Hub",
} as const;

/** The fields of an endpoint. */
export const EndpointForm = ({
  draft,
  isNew,
  types,
  items,
  url,
  faultAt,
  onChange,
}: {
  readonly draft: Draft;
  /** One that is there keeps its name. */
  readonly isNew: boolean;
  readonly types: Endpoints["types"];
  readonly items: readonly Item[];
  /** The url as it will be used, where it is one. */
  readonly url: string | undefined;
  readonly faultAt: (field: Field) => string | undefined;
  readonly onChange: (changed: Partial<Draft>) => void;
}) => (
  <>
    {isNew && (
      <TextField
        label="Name"
        required
        mono
        autoFocus
        placeholder="private-2"
        value={draft.name}
        onInput={(name) => onChange({ name })}
        help={`A part of its local path: /${draft.name === "" ? "NAME" : draft.name}/v1`}
        error={faultAt("name")}
      />
    )}
    <TextField
      label="URL"
      required
      mono
      placeholder="private-2.example.com/openai/v1"
      value={draft.url}
      onInput={(url) => onChange({ url })}
      help={
        url === undefined || url === draft.url.trim()
          ? "Its base, up to and with /v1 or /openai/v1."
          : `Used as ${url}`
      }
      error={faultAt("url")}
    />
    <SelectField
      label="Type"
      value={draft.type}
      onChange={(chosen) => onChange({ type: types.find(({ type }) => type === chosen)?.type ?? draft.type })}
      options={types.map(({ type }) => ({ value: type, label: typeNames[type] }))}
      error={faultAt("type")}
    />
    <CredentialsField
      type={types.find(({ type }) => type === draft.type)}
      items={items}
      chosen={draft.credentials}
      onChange={(credentials) => onChange({ credentials })}
      error={faultAt("credentials")}
    />
    <TextField
      label="Models"
      multiline
      rows={3}
      mono
      placeholder="meta-llama/Llama-3.2-3B-Instruct"
      value={draft.models}
      onInput={(models) => onChange({ models })}
      help="By its own ids, one a line. A test finds them too."
      error={faultAt("models")}
    />
    <TextField
      label="Aliases"
      multiline
      rows={2}
      mono
      placeholder="llama = meta-llama/Llama-3.2-3B-Instruct"
      value={draft.aliases}
      onInput={(aliases) => onChange({ aliases })}
      help="Local names of its models, one a line."
      error={faultAt("aliases")}
    />
    <TextField
      label="CA file"
      mono
      placeholder="private-ca.pem"
      value={draft.ca}
      onInput={(ca) => onChange({ ca })}
      help="A PEM file on the gateway's machine, where the endpoint's own certificate is signed by a private CA. Relative to the configuration file."
      error={faultAt("ca")}
    />
    <MoreFields draft={draft} faultAt={faultAt} onChange={onChange} />
  </>
);
