import { ApiError } from "../api-error.ts";
import { session } from "../session.ts";
import { notify } from "../ui/notify.tsx";
import { sentence } from "../ui/words.ts";

/** No refusal goes unsaid, also where a page did not reckon with one. */
export const sayWhatNobodyCaught = (): void =>
  addEventListener("unhandledrejection", (event) => {
    const error: unknown = event.reason;
    if (!(error instanceof ApiError)) return;
    event.preventDefault();
    if (session.value === "none") return;
    const { message, hint } = error;
    notify({ tone: "bad", text: sentence(message), ...(hint !== "" && { hint: sentence(hint) }) });
  });
