import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { SeenRequest } from "../../api/shapes/live.ts";
import { asApiError } from "../api-error.ts";
import { get } from "../client.ts";
import { notify } from "../ui/notify.tsx";
import { sentence } from "../ui/words.ts";

/** Opens the request that the address names by its x-request-id: `/live?request=…`. */
export function useLinked(open: (request: SeenRequest) => void): void {
  const id = useLocation().query["request"];
  useEffect(() => {
    if (id !== undefined) void openLinked(id, open);
  }, [id]);
}

async function openLinked(id: string, open: (request: SeenRequest) => void): Promise<void> {
  try {
    const path = `/live/requests?requestId=${encodeURIComponent(id)}`;
    const { requests } = await get<{ readonly requests: readonly SeenRequest[] }>(path);
    const [found] = requests;
    if (found !== undefined) open(found);
    else notify({ tone: "warn", text: "That request is no longer among the last thousand." });
  } catch (error) {
    const { message, hint } = asApiError(error);
    notify({ tone: "bad", text: sentence(message), hint: sentence(hint) });
  }
}
