import { Button } from "../ui/button.tsx";
import { switchTheme, theme } from "./theme.ts";

export const ThemeSwitch = () => (
  <Button
    icon={theme.value === "dark" ? "sun" : "moon"}
    label={theme.value === "dark" ? "Light theme" : "Dark theme"}
    onClick={switchTheme}
  />
);
