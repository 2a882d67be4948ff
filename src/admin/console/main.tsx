// First, so that what is ours stands together in what is built: it is packed smaller among its like.
import "marked";
import "uplot";
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
