import { useState } from "preact/hooks";
import type { Endpoint } from "../../api/shapes/endpoint.ts";
import { type ApiError, asApiError } from "../api-error.ts";
import { send } from "../client.ts";
import { Button } from "../ui/button.tsx";
import { notify } from "../ui/notify.tsx";
import { Refused } from "./refused.tsx";

/** Offers to name the models that the endpoint serves, so that requests find it by them. */
export function FoundModels({
  endpoint,
  found,
}: {
  readonly endpoint: Endpoint;
  readonly found: readonly string[];
}) {
  const [busy, setBusy] = useState(false);
  const [added, setAdded] = useState(false);
  const [refused, setRefused] = useState<ApiError>();
  const fresh = found.filter((model) => !endpoint.models.includes(model));
  const add = async (): Promise<void> => {
    setBusy(true);
    try {
      const models = [...endpoint.models, ...fresh];
      await send("PUT", `/endpoints/${encodeURIComponent(endpoint.name)}`, {
        endpoint: { models },
        version: endpoint.version,
      });
      setAdded(true);
      notify({ tone: "good", text: `${endpoint.name} is now found by ${fresh.join(", ")}.` });
    } catch (error) {
      setRefused(asApiError(error));
    }
    setBusy(false);
  };
  if (fresh.length === 0 || added) return null;
  return (
    <div class="steps-models">
      <p>
        The configuration does not name {fresh.length === 1 ? "this model" : "these models"} yet, so requests
        reach {fresh.length === 1 ? "it" : "them"} only by the endpoint's own local URL:
      </p>
      <ul class="endpoint-list">
        {fresh.map((model) => (
          <li key={model}>
            <code>{model}</code>
          </li>
        ))}
      </ul>
      <Button busy={busy} onClick={() => void add()}>
        {fresh.length === 1 ? "Use this model" : "Use these models"}
      </Button>
      <Refused error={refused} />
    </div>
  );
}
