import { render } from "preact";
import "./ui/theme.css";
import "./ui/base.css";
import { Console } from "./console.tsx";
import { begin, followOtherTabs } from "./session.ts";
import { sayWhatNobodyCaught } from "./shell/uncaught.ts";
import { restoreTheme } from "./shell/theme.ts";

restoreTheme();
sayWhatNobodyCaught();
followOtherTabs();
void begin();
render(<Console />, document.body);
