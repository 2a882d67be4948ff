import { signal } from "@preact/signals";

const key = "postern-theme";
type Theme = "dark" | "light";

/** How the console looks. */
export const theme = signal<Theme>("dark");

function show(wanted: Theme): void {
  theme.value = wanted;
  document.documentElement.dataset["theme"] = wanted;
}

/** Shows the console as it was left; dark at the first visit. */
export const restoreTheme = (): void => show(localStorage.getItem(key) === "light" ? "light" : "dark");

export function switchTheme(): void {
  show(theme.value === "dark" ? "light" : "dark");
  localStorage.setItem(key, theme.value);
}
