import { signal } from "@preact/signals";
import type { Opened } from "../api/shapes/session.ts";
import { ApiError, errorIn, noAnswer } from "./api-error.ts";
import { lost } from "./gateway.ts";

// A session is two halves: a cookie that no script reads, and this token. Cookies are shared by all ports of a host
// and the token by none, so that another server on this machine has at most one of them.
const key = "postern-token";

/** `ended`: it was open, and an answer has said since that it is no more. */
type State = "checking" | "none" | "open" | "ended";

/** Whether requests of this page are answered. */
export const session = signal<State>("checking");

/** Why the last link did not open a session. */
export const refusal = signal<ApiError | undefined>(undefined);

export const token = (): string => localStorage.getItem(key) ?? "";

/** The one-time code in a link, or in its last part: what people paste. */
export const codeIn = (text: string): string => (/link=([^&\s]+)/.exec(text)?.[1] ?? text).trim();

/** Opens a session with a one-time code. */
export async function enter(code: string): Promise<void> {
  refusal.value = undefined;
  try {
    const response = await fetch("/api/v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
    if (!response.ok) throw await errorIn(response);
    const { token } = (await response.json()) as Opened;
    localStorage.setItem(key, token);
    session.value = "open";
  } catch (error) {
    refusal.value =
      error instanceof ApiError
        ? error
        : noAnswer("look whether postern serve runs, and paste the link again");
  }
}

/** Begins where the address says: with the code of a one-time link, or with the session of the last visit. */
export async function begin(): Promise<void> {
  // A link that is pasted over the address of an open page loads nothing anew.
  addEventListener("hashchange", () => void follow());
  await follow();
  if (session.value === "open") return;
  if (token() === "") session.value = "none";
  else await resume();
}

/** Opens a session with the one-time link in the address, if there is one. */
async function follow(): Promise<void> {
  const code = /^#link=(.+)$/.exec(location.hash)?.[1];
  if (code === undefined) return;
  // Before anything else: a code must not stay in the address or the history.
  history.replaceState(null, "", location.pathname + location.search);
  await enter(code);
}

/**
 * Goes on with the session of the last visit, if it still is one: also where a link that was followed again, out of the
 * history perhaps, opens nothing any more.
 */
async function resume(): Promise<void> {
  try {
    const response = await fetch("/api/v1/session", { headers: { "x-postern-token": token() } });
    if (!response.ok) throw await errorIn(response);
    refusal.value = undefined;
    session.value = "open";
  } catch (error) {
    if (error instanceof ApiError) {
      refusal.value ??= error;
      session.value = "none";
      return;
    }
    await lost();
    await resume();
  }
}

/** An answer said that the session is no more. */
export function end(): void {
  if (session.value === "open") session.value = "ended";
}

/**
 * Resolves when the session is open again: what was refused for its end can then be asked again. Throws `refused` when
 * whoever is asked to renew it leaves instead: what they had begun must not be done when they are back.
 */
export const renewed = (refused: ApiError, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      act();
      // At the first call of the subscriber there is nothing to stop yet.
      queueMicrotask(() => stop());
    };
    const stop = session.subscribe((state) => {
      if (state === "open") settle(resolve);
      if (state === "none") settle(() => reject(refused));
    });
    signal?.addEventListener("abort", () => settle(() => reject(signal.reason as Error)), { once: true });
  });

/** Ends the session on both sides. */
export async function leave(): Promise<void> {
  await fetch("/api/v1/session", { method: "DELETE", headers: { "x-postern-token": token() } }).catch(
    () => {},
  );
  forget();
}

/** Ends it on this side alone. */
export function forget(): void {
  localStorage.removeItem(key);
  session.value = "none";
}

/** Follows what other tabs of this browser do: a session that was opened or left there is so here too. */
export function followOtherTabs(): void {
  addEventListener("storage", (event) => {
    if (event.key !== key) return;
    session.value = event.newValue === null ? "none" : "open";
  });
}
