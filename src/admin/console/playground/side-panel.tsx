import { TextField } from "../ui/text-field.tsx";
import type { Conversation } from "./conversation.ts";
import { faultOf, numberNames, numbers, type Typed, untyped } from "./parameters.ts";

/** The system prompt and the parameters that the next question is sent with. */
export function SidePanel({ conversation: { system, parameters } }: { readonly conversation: Conversation }) {
  const typed = parameters.value;
  const type = (name: keyof Typed, text: string): void => {
    parameters.value = { ...typed, [name]: text };
  };
  const touched = system.value !== "" || Object.values(typed).some((text) => text !== "");
  return (
    // Open where there is room for it beside the conversation.
    <details class="parameters card" open={matchMedia("(min-width: 1101px)").matches}>
      <summary>
        Parameters
        {touched && <span class="quiet"> · changed</span>}
      </summary>
      <div class="parameter-fields">
        <TextField
          label="System prompt"
          multiline
          rows={4}
          value={system.value}
          onInput={(text) => (system.value = text)}
          placeholder="What the model is told before all else"
        />
        {numberNames.map((name) => {
          const { label, help, placeholder } = numbers[name];
          return (
            <TextField
              key={name}
              label={label}
              help={help}
              placeholder={placeholder}
              value={typed[name]}
              onInput={(text) => type(name, text)}
              error={faultOf(name, typed[name])}
            />
          );
        })}
        <TextField
          label="Stop at"
          help="One text a line: where one comes, the answer ends."
          multiline
          rows={2}
          mono
          value={typed.stop}
          onInput={(text) => type("stop", text)}
        />
        {touched && (
          <button
            type="button"
            class="button plain small"
            onClick={() => {
              system.value = "";
              parameters.value = untyped;
            }}
          >
            Reset all
          </button>
        )}
      </div>
    </details>
  );
}
