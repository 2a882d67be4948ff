/** Where an application finds an endpoint on this machine. */
export interface Place {
  /** `http://127.0.0.1:8080/private/v1`. */
  readonly base: string;
  /** The Unix socket behind it, where there is one. */
  readonly socket: string | undefined;
  readonly endpoint: string;
  readonly model: string;
  /** Whether a local key is demanded; any text does where it is not. */
  readonly demandsKeys: boolean;
}

/** Text to copy, and what to know of it. */
export interface Snippet {
  readonly id: string;
  /** The application. */
  readonly name: string;
  readonly code: string;
  readonly note?: string;
}

/** The place that a local URL of the API means. */
export function placeOf(local: string, rest: Pick<Place, "endpoint" | "model" | "demandsKeys">): Place {
  const [base = "", socket] = local.split(" on unix:");
  return { ...rest, base, socket };
}

const keyOf = ({ demandsKeys }: Place): string => (demandsKeys ? "YOUR_LOCAL_KEY" : "no-key-needed");

/** What a shell reads as this one text. */
const quoted = (text: string): string =>
  /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** What Python, JavaScript, TOML and YAML all read as this text. */
const literal = (text: string): string => JSON.stringify(text);

/** Code that asks an endpoint, by language. */
export function codeFor(place: Place): readonly Snippet[] {
  const { base, model, socket } = place;
  const key = keyOf(place);
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] });
  return [
    {
      id: "curl",
      name: "curl",
      code: [
        `curl ${quoted(`${base}/chat/completions`)} \\`,
        ...(socket === undefined ? [] : [`  --unix-socket ${quoted(socket)} \\`]),
        ...(place.demandsKeys ? [`  -H ${quoted(`Authorization: Bearer ${key}`)} \\`] : []),
        `  -H 'Content-Type: application/json' \\`,
        `  -d ${quoted(body)}`,
      ].join("\n"),
    },
    {
      id: "python",
      name: "Python",
      code: `from openai import OpenAI

client = OpenAI(base_url=${literal(base)}, api_key=${literal(key)})
answer = client.chat.completions.create(
    model=${literal(model)},
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`,
    },
    {
      id: "node",
      name: "Node.js",
      code: `import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${literal(base)}, apiKey: ${literal(key)} });
const answer = await client.chat.completions.create({
  model: ${literal(model)},
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(answer.choices[0].message.content);`,
    },
  ];
}

const exports = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoted(value)}`)
    .join("\n");

/** The settings of known tools. */
export function settingsFor(place: Place): readonly Snippet[] {
  const { base, endpoint, model } = place;
  const key = keyOf(place);
  return [
    {
      id: "environment",
      name: "OpenAI SDKs",
      code: exports({ OPENAI_BASE_URL: base, OPENAI_API_KEY: key }),
      note: "Whatever is built on OpenAI's SDKs reads these variables. The key must not be empty.",
    },
    {
      id: "anthropic",
      name: "Anthropic SDKs and Claude Code",
      code: exports({
        ANTHROPIC_BASE_URL: base.replace(/\/v1$/, ""),
        ANTHROPIC_AUTH_TOKEN: key,
        ANTHROPIC_MODEL: model,
      }),
      note: "Without /v1: they add it. The endpoint must serve /v1/messages.",
    },
    {
      id: "langchain",
      name: "LangChain",
      code: exports({ OPENAI_API_BASE: base, OPENAI_API_KEY: key }),
      note: `In code: ChatOpenAI(base_url=${literal(base)}, api_key=${literal(key)}, model=${literal(model)}).`,
    },
    {
      id: "aider",
      name: "aider",
      code: `${exports({ OPENAI_API_BASE: base, OPENAI_API_KEY: key })}\naider --model ${quoted(`openai/${model}`)}`,
    },
    {
      id: "open-webui",
      name: "Open WebUI",
      code: exports({ OPENAI_API_BASE_URL: base, OPENAI_API_KEY: key }),
      note: "In a container of its own, it reaches this machine as host.docker.internal: name that under allow-hosts in the configuration.",
    },
    {
      id: "continue",
      name: "Continue",
      code: `# ~/.continue/config.yaml
models:
  - name: ${literal(endpoint)}
    provider: openai
    model: ${literal(model)}
    apiBase: ${literal(base)}
    apiKey: ${literal(key)}`,
    },
    {
      id: "cline",
      name: "Cline",
      code: `API Provider: OpenAI Compatible\nBase URL: ${base}\nAPI Key: ${key}\nModel ID: ${model}`,
      note: "In its settings, by hand.",
    },
    {
      id: "codex",
      name: "Codex",
      code: `# ~/.codex/config.toml
model = ${literal(model)}
model_provider = "postern"

[model_providers.postern]
name = "Postern"
base_url = ${literal(base)}
wire_api = "responses"${place.demandsKeys ? '\nenv_key = "POSTERN_LOCAL_KEY"' : ""}`,
      note: `It speaks only /responses, which the endpoint must serve.${place.demandsKeys ? " Put the local key into the variable POSTERN_LOCAL_KEY." : ""}`,
    },
    {
      id: "cursor",
      name: "Cursor",
      code: "",
      note: "Cursor's own servers make the call, and they cannot reach an address of this machine: it cannot be used with a gateway on localhost.",
    },
  ];
}

/** What uses the Hugging Face Hub. */
export function hubFor(place: Place): readonly Snippet[] {
  const raw = place.base.replace(/\/v1$/, "/raw");
  return [
    {
      id: "hub",
      name: "Hugging Face tools",
      code: exports({ HF_ENDPOINT: raw, ...(place.demandsKeys && { HF_TOKEN: keyOf(place) }) }),
      note: "hf, transformers, vLLM and the like then download private models without a token of their own.",
    },
    {
      id: "hub-node",
      name: "@huggingface/hub",
      code: `await downloadFile({ repo: "acme/private-model", path: "config.json", hubUrl: ${literal(raw)} });`,
    },
  ];
}
